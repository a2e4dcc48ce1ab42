import { useDeferredValue, useMemo, useState } from "react";
import type { Entry } from "../api/answers.ts";
import { setQuery } from "../app/route.ts";
import { isWithin, shortStage } from "../model/address.ts";
import { Empty } from "../parts/empty.tsx";
import { clockTime } from "../parts/times.tsx";
import { VirtualList } from "../parts/virtual-list.tsx";
import { EntryPanel } from "./entry-panel.tsx";
import { summaryOf } from "./entry-summary.ts";
import type { Moment } from "./use-run.ts";

const TOPICS = [
  "run",
  "control",
  "stage",
  "edge",
  "branch",
  "iteration",
  "gate",
  "timer",
  "child",
  "artifact",
] as const;

/** Every entry there is, found by topic, place and words. */
export function JournalTab({ moment, query }: { readonly moment: Moment; readonly query: URLSearchParams }) {
  const { history, seq, version } = moment;
  const [topics, setTopics] = useState<ReadonlySet<string>>(new Set());
  const [search, setSearch] = useState("");
  const words = useDeferredValue(search);
  const place = query.get("stage") ?? query.get("branch") ?? "";
  // biome-ignore lint/correctness/useExhaustiveDependencies: the history grows in place; its version says so
  const shown = useMemo(
    () => filtered(history.entries, { topics, words, place, until: seq }),
    [history, version, seq, topics, words, place],
  );
  const picked = Number(query.get("seq") ?? 0);
  const entry = picked > 0 ? history.entries[picked - 1] : undefined;
  const toggle = (topic: string) => {
    setTopics((old) => {
      const next = new Set(old);
      if (!next.delete(topic)) next.add(topic);
      return next;
    });
  };
  return (
    <div className={entry ? "split" : "split alone"}>
      <div className="journal">
        <div className="toolbar">
          <label className="search">
            <span className="sr-only">Search entries</span>
            <input
              type="search"
              placeholder="Search type, stage, data"
              value={search}
              onChange={(e) => setSearch(e.target.value)}
            />
          </label>
          {place !== "" && (
            <button
              type="button"
              className="label"
              title="Everywhere again"
              onClick={() => setQuery({ stage: undefined, branch: undefined })}
            >
              {shortStage(place)} ✕
            </button>
          )}
          <fieldset className="chips" aria-label="Topics">
            {TOPICS.map((topic) => (
              <button key={topic} type="button" aria-pressed={topics.has(topic)} onClick={() => toggle(topic)}>
                {topic}
              </button>
            ))}
          </fieldset>
          <span className="grow" />
          <span className="muted small">{shown.length} entries</span>
        </div>
        {shown.length === 0 ? (
          <Empty title="No entry is like that" />
        ) : (
          <VirtualList
            count={shown.length}
            rowHeight={24}
            label="Journal"
            follow={entry === undefined}
            row={(index) => <Row key={index} entry={shown[index] as Entry} picked={picked} />}
          />
        )}
      </div>
      {entry && <EntryPanel entry={entry} moment={moment} />}
    </div>
  );
}

function Row({ entry, picked }: { readonly entry: Entry; readonly picked: number }) {
  const { seq, turn, at, type, stage, branch } = entry;
  return (
    <button
      type="button"
      className={`entry topic-${type.split(".", 1)[0]} ${seq === turn ? "turn-end" : ""}`}
      aria-pressed={seq === picked}
      onClick={() => setQuery({ seq: seq === picked ? undefined : String(seq) })}
    >
      <span className="mono seq">{seq}</span>
      <span className="mono muted time">{clockTime(at)}</span>
      <span className="mono type">{type}</span>
      <span className="clip place">{stage ? shortStage(stage) : (branch ?? "")}</span>
      <span className="clip muted grow">{summaryOf(entry)}</span>
    </button>
  );
}

interface Filter {
  readonly topics: ReadonlySet<string>;
  readonly words: string;
  readonly place: string;
  readonly until: number;
}

function filtered(entries: readonly Entry[], { topics, words, place, until }: Filter): readonly Entry[] {
  const wanted = words.toLowerCase();
  const isAll = topics.size === 0 && wanted === "" && place === "";
  if (isAll) return entries.length === until ? [...entries] : entries.slice(0, until);
  const isTopic = (type: string) => {
    const topic = type.split(".", 1)[0] as string;
    return (
      topics.has(topic) ||
      (topic === "container" && topics.has("iteration")) ||
      (topic === "parallel" && topics.has("branch"))
    );
  };
  return entries.slice(0, until).filter((entry) => {
    if (topics.size > 0 && !isTopic(entry.type)) return false;
    if (place !== "" && !isWithin(entry.stage ?? entry.branch ?? "", place)) return false;
    return wanted === "" || textOf(entry).includes(wanted);
  });
}

function textOf(entry: Entry): string {
  const { type, stage = "", branch = "", data, cause } = entry;
  return `${type} ${stage} ${branch} ${JSON.stringify(data)} ${cause?.actor ?? ""}`.toLowerCase();
}
