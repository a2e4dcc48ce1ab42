import { useCallback, useMemo, useState } from "react";
import type { RunStatus, RunSummary } from "../api/answers.ts";
import { navigate, setQuery } from "../app/route.ts";
import { useShortcuts } from "../app/shortcuts.ts";
import { Empty, Failed } from "../parts/empty.tsx";
import { useNow } from "../parts/times.tsx";
import { BulkDialog, type BulkOrder } from "./bulk-dialog.tsx";
import { RunRow } from "./run-row.tsx";
import { StatusChips } from "./status-chips.tsx";
import { useRuns } from "./use-runs.ts";

interface Filters {
  readonly status: RunStatus | undefined;
  readonly label: string;
  readonly search: string;
}

/** All runs: found, watched, and given commands together. */
export function RunsPage({ query }: { readonly query: URLSearchParams }) {
  const filters: Filters = {
    status: (query.get("status") as RunStatus | null) ?? undefined,
    label: query.get("label") ?? "",
    search: query.get("q") ?? "",
  };
  const { runs, hasMore, more, failure, isAsked, counts, ask } = useRuns(filters);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [order, setOrder] = useState<BulkOrder | undefined>();
  const found = useMemo(() => runs.filter((run) => matches(run, filters.search)), [runs, filters.search]);
  const selected = found.filter((run) => chosen.has(run.runId));
  const now = useNow(
    1_000,
    found.some((run) => run.finishedAt === undefined),
  );
  const toggle = useCallback((runId: string) => {
    setChosen((old) => {
      const next = new Set(old);
      if (!next.delete(runId)) next.add(runId);
      return next;
    });
  }, []);
  useRunsShortcuts(found);
  if (failure !== undefined && runs.length === 0) return <Failed failure={failure} onRetry={ask} />;
  const isFiltered = filters.search !== "" || filters.label !== "" || filters.status !== undefined;
  return (
    <div className="page">
      <h1 className="sr-only">Runs</h1>
      <Toolbar filters={filters} selected={selected} found={found} onOrder={setOrder} />
      <StatusChips counts={counts} chosen={filters.status} />
      {found.length === 0 && isAsked ? (
        <NoRuns isFiltered={isFiltered} />
      ) : (
        <Table {...{ found, chosen, toggle, setChosen, now }} />
      )}
      {hasMore && (
        <div className="row center">
          <button type="button" onClick={more}>
            Older runs
          </button>
        </div>
      )}
      {order && (
        <BulkDialog
          order={order}
          onClose={() => setOrder(undefined)}
          onDone={() => {
            setChosen(new Set());
            ask();
          }}
        />
      )}
    </div>
  );
}

function useRunsShortcuts(found: readonly RunSummary[]): void {
  useShortcuts("Runs", [
    { keys: "/", does: "Search", run: () => document.getElementById("search")?.focus() },
    { keys: "j", does: "Next run", run: () => moveFocus(1) },
    { keys: "k", does: "Run before", run: () => moveFocus(-1) },
    {
      keys: "o",
      does: "Open the newest run",
      run: () => found[0] && navigate(`#/runs/${encodeURIComponent(found[0].runId)}`),
    },
  ]);
}

function moveFocus(by: number): void {
  const links = [...document.querySelectorAll<HTMLElement>("a.run-link")];
  const at = links.indexOf(document.activeElement as HTMLElement);
  links[Math.min(links.length - 1, Math.max(0, at + by))]?.focus();
}

function matches(run: RunSummary, search: string): boolean {
  if (search === "") return true;
  const labels = Object.entries(run.labels).map(([key, value]) => `${key}=${value}`);
  const text = [run.runId, run.pipeline.name, run.status, run.statusReason ?? "", ...labels].join(" ").toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

interface ToolbarProps {
  readonly filters: Filters;
  readonly selected: readonly RunSummary[];
  readonly found: readonly RunSummary[];
  readonly onOrder: (order: BulkOrder) => void;
}

function Toolbar({ filters, selected, found, onOrder }: ToolbarProps) {
  const { search, label, status } = filters;
  const isNarrowed = selected.length > 0 || search !== "";
  const scope = scopeInWords({ selected, found, filters });
  const order = (verb: BulkOrder["verb"]): BulkOrder => {
    if (isNarrowed) return { verb, runs: selected.length > 0 ? selected : found };
    return {
      verb,
      selector: { ...(status === undefined ? {} : { status: [status] }), ...(label === "" ? {} : { labels: label }) },
    };
  };
  return (
    <div className="toolbar">
      <label className="search">
        <span className="sr-only">Search runs</span>
        <input
          id="search"
          type="search"
          placeholder="Search id, pipeline, label   /"
          value={search}
          onChange={(event) => setQuery({ q: event.target.value })}
        />
      </label>
      <label className="search narrow">
        <span className="sr-only">Only runs with this label, as key=value</span>
        <input
          type="search"
          placeholder="label key=value"
          defaultValue={label}
          onChange={(event) => {
            const { value } = event.target;
            if (value === "" || /^[^=]+=./.test(value)) setQuery({ label: value });
          }}
        />
      </label>
      <span className="grow" />
      <fieldset className="row" aria-label={`Commands for ${scope}`}>
        <span className="muted small">{scope}</span>
        {(["pause", "continue", "cancel"] as const).map((verb) => (
          <button
            key={verb}
            type="button"
            className={verb === "cancel" ? "danger" : ""}
            onClick={() => onOrder(order(verb))}
          >
            {verb[0]?.toUpperCase() + verb.slice(1)}…
          </button>
        ))}
      </fieldset>
    </div>
  );
}

/** What the buttons beside it would be given to. */
function scopeInWords({ selected, found, filters }: Omit<ToolbarProps, "onOrder">): string {
  if (selected.length > 0) return `${selected.length} selected`;
  if (filters.search !== "") return `${found.length} found`;
  return filters.status === undefined && filters.label === "" ? "all live runs" : "all live runs that fit";
}

interface TableProps {
  readonly found: readonly RunSummary[];
  readonly chosen: ReadonlySet<string>;
  readonly toggle: (runId: string) => void;
  readonly setChosen: (chosen: ReadonlySet<string>) => void;
  readonly now: number;
}

function Table({ found, chosen, toggle, setChosen, now }: TableProps) {
  const areAll = found.length > 0 && found.every((run) => chosen.has(run.runId));
  return (
    <table className="runs">
      <thead>
        <tr>
          <th className="check">
            <input
              type="checkbox"
              aria-label="Select all that are listed"
              checked={areAll}
              onChange={() => setChosen(new Set(areAll ? [] : found.map((run) => run.runId)))}
            />
          </th>
          <th>Status</th>
          <th>Run</th>
          <th>Pipeline</th>
          <th>Labels</th>
          <th className="right">Created</th>
          <th className="right">Took</th>
        </tr>
      </thead>
      <tbody>
        {found.map((run) => (
          <RunRow key={run.runId} run={run} isChosen={chosen.has(run.runId)} onToggle={toggle} now={now} />
        ))}
      </tbody>
    </table>
  );
}

function NoRuns({ isFiltered }: { readonly isFiltered: boolean }) {
  if (isFiltered) {
    return (
      <Empty title="No run is like that">
        <button type="button" onClick={() => setQuery({ q: undefined, label: undefined, status: undefined })}>
          Show all
        </button>
      </Empty>
    );
  }
  return (
    <Empty title="No runs yet">
      <p className="muted">
        <a href="#/start">Start one from DOT</a>, or on the command line: <code>safepoint run pipeline.dot</code>
      </p>
    </Empty>
  );
}
