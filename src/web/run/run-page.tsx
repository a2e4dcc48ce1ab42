import { lazy, Suspense, useEffect } from "react";
import { navigate, runHref, setQuery } from "../app/route.ts";
import { useShortcuts } from "../app/shortcuts.ts";
import type { RunFeed, RunState } from "../model/run-feed.ts";
import { Failed } from "../parts/empty.tsx";
import { ArtifactsTab } from "./artifacts-tab.tsx";
import { BranchesTab } from "./branches-tab.tsx";
import { ContextTab } from "./context-tab.tsx";
import { ControlBanner } from "./control-banner.tsx";
import { ControlBar } from "./control-bar.tsx";
import { JournalTab } from "./journal-tab.tsx";
import { RunHeader } from "./run-header.tsx";
import { RunQuestions } from "./run-questions.tsx";
import { TimeSlider } from "./time-slider.tsx";
import { TimelineTab } from "./timeline-tab.tsx";
import { type Moment, useMoment, useRunFeed } from "./use-run.ts";

const GraphTab = lazy(async () => ({ default: (await import("./graph-tab.tsx")).GraphTab }));
const ChartsTab = lazy(async () => ({ default: (await import("./charts-tab.tsx")).ChartsTab }));

const TABS = [
  { tab: "", name: "Graph", key: "1" },
  { tab: "branches", name: "Branches", key: "2" },
  { tab: "timeline", name: "Timeline", key: "3" },
  { tab: "journal", name: "Journal", key: "4" },
  { tab: "context", name: "Context", key: "5" },
  { tab: "artifacts", name: "Artifacts", key: "6" },
  { tab: "questions", name: "Questions", key: "7" },
  { tab: "charts", name: "Statecharts", key: "8" },
] as const;

interface RunPageProps {
  readonly runId: string;
  readonly tab: string;
  readonly query: URLSearchParams;
}

/** One run, whole: what it does, what it did, and what can be done about it. */
export function RunPage({ runId, tab, query }: RunPageProps) {
  const { feed, state } = useRunFeed(runId);
  useEffect(() => {
    document.title = `${runId} · Safepoint`;
    return () => {
      document.title = "Safepoint";
    };
  }, [runId]);
  if (!feed || !state) return null;
  if (state.failure !== undefined && !state.view && state.history.seq === 0)
    return (
      <>
        <h1 className="sr-only">{runId}</h1>
        <Failed failure={state.failure} onRetry={() => feed.refreshView()} />
      </>
    );
  return <LoadedRun {...{ feed, state, tab, query }} />;
}

interface LoadedRunProps {
  readonly feed: RunFeed;
  readonly state: RunState;
  readonly tab: string;
  readonly query: URLSearchParams;
}

function LoadedRun({ feed, state, tab, query }: LoadedRunProps) {
  const asked = Number(query.get("at") ?? Number.NaN);
  const moment = useMoment(state, Number.isInteger(asked) && asked > 0 ? asked : undefined);
  const { runId, history, seq } = moment;
  useShortcuts("This run", [
    ...TABS.map(({ tab: to, name, key }) => ({ keys: key, does: name, run: () => navigate(hrefOf(runId, to, query)) })),
    { keys: "[", does: "A turn back", run: () => setQuery({ at: String(history.turnAt(seq - 1)) }) },
    { keys: "]", does: "A turn on", run: () => setQuery({ at: atAfter(moment) }) },
    { keys: "l", does: "Live again", run: () => setQuery({ at: undefined }) },
  ]);
  return (
    <div className="page run">
      <RunHeader moment={moment} connection={state.connection} isLoaded={state.isLoaded}>
        <ControlBar moment={moment} onResult={(result) => feed.take(result)} />
      </RunHeader>
      <ControlBanner moment={moment} onTaken={() => feed.refreshView()} />
      <nav className="tabs" aria-label="Parts of the run">
        {TABS.map(({ tab: to, name, key }) => (
          <a
            key={to}
            href={hrefOf(runId, to, query)}
            aria-current={to === tab ? "page" : undefined}
            title={`${name} (${key})`}
          >
            {name}
            <TabCount tab={to} moment={moment} />
          </a>
        ))}
      </nav>
      <div className="tab-body">
        <Suspense fallback={<p className="muted pad">Loading…</p>}>
          <Tab tab={tab} moment={moment} query={query} />
        </Suspense>
      </div>
      <TimeSlider history={history} seq={seq} isPast={moment.isPast} version={moment.version} />
    </div>
  );
}

/** The moment and the branch go along from tab to tab. */
function hrefOf(runId: string, tab: string, query: URLSearchParams): string {
  const kept = ["at", "branch", "in"].flatMap((name) => (query.has(name) ? [[name, query.get(name) ?? ""]] : []));
  return runHref(runId, tab, Object.fromEntries(kept));
}

function TabCount({ tab, moment }: { readonly tab: string; readonly moment: Moment }) {
  if (tab !== "questions") return null;
  const { history, seq } = moment;
  const isOpen = ({ fromSeq, toSeq }: { fromSeq: number; toSeq?: number }) =>
    fromSeq <= seq && (toSeq === undefined || toSeq > seq);
  const open = [...history.questions.values()].filter(isOpen).length;
  return open === 0 ? null : <span className="count">{open}</span>;
}

function Tab({
  tab,
  moment,
  query,
}: {
  readonly tab: string;
  readonly moment: Moment;
  readonly query: URLSearchParams;
}) {
  switch (tab) {
    case "branches":
      return <BranchesTab moment={moment} query={query} />;
    case "timeline":
      return <TimelineTab moment={moment} />;
    case "journal":
      return <JournalTab moment={moment} query={query} />;
    case "context":
      return <ContextTab moment={moment} query={query} />;
    case "artifacts":
      return <ArtifactsTab moment={moment} query={query} />;
    case "questions":
      return <RunQuestions moment={moment} />;
    case "charts":
      return <ChartsTab moment={moment} query={query} />;
    default:
      return <GraphTab moment={moment} query={query} />;
  }
}

function atAfter({ history, seq }: Moment): string | undefined {
  const turn = history.entries[seq]?.turn;
  return turn === undefined || turn >= history.seq ? undefined : String(turn);
}
