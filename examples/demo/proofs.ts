/** What has to be true of a run that was killed and resumed, read from its journal and from what its tools wrote down. */
import type { JournalEntry, RunView, VerifyReport } from "safepoint";
import { isAlive } from "./command-line.ts";
import type { Noted } from "./steps-log.ts";

export interface Proof {
  readonly claim: string;
  readonly holds: boolean;
  /** What was found, in a few words. */
  readonly found: string;
}

export interface Evidence {
  /** Of the whole run, in order. */
  readonly journal: readonly JournalEntry[];
  readonly view: RunView;
  readonly verified: VerifyReport;
  readonly steps: readonly Noted[];
  /** The stage whose tool was running when the process was killed, that tool, and the journal's last entry then. */
  readonly killed: {
    readonly stage: string;
    readonly toolPid: number;
    readonly seq: number;
    readonly driverPid: number;
  };
  /** The stage that fails at its first attempt. */
  readonly flaky: string;
}

export function proofsOf(evidence: Evidence): Proof[] {
  return [
    completed(evidence),
    otherProcess(evidence),
    nothingAgain(evidence),
    oneUnknown(evidence),
    markedRerun(evidence),
    countedOutside(evidence),
    toolEnded(evidence),
    flakyRetried(evidence),
    verified(evidence),
  ];
}

function completed({ view }: Evidence): Proof {
  return { claim: "The run completed.", holds: view.status === "completed", found: view.status };
}

function otherProcess({ journal, killed }: Evidence): Proof {
  const pids = of(journal, "run.resumed").map(({ data }) => data.pid);
  const holds = pids.length === 1 && pids[0] !== killed.driverPid;
  return { claim: "Another process took it up.", holds, found: `process ${killed.driverPid}, then ${pids.join(", ")}` };
}

function nothingAgain({ journal, killed }: Evidence): Proof {
  const ended = new Set(of(journal, "stage.succeeded").filter(before(killed.seq)).map(stageOf));
  const again = of(journal, "stage.started").filter((entry) => entry.seq > killed.seq && ended.has(stageOf(entry)));
  return {
    claim: "No stage that had finished before the kill ran again.",
    holds: ended.size > 0 && again.length === 0,
    found: again.length === 0 ? `${ended.size} had finished` : `again: ${again.map(stageOf).join(", ")}`,
  };
}

function oneUnknown({ journal, killed }: Evidence): Proof {
  const cut = of(journal, "stage.interrupted");
  return {
    claim: "Exactly one execution had an unknown outcome, and the journal names it.",
    holds: cut.length === 1 && cut[0]?.stage === killed.stage && cut[0].data.cause === "crash",
    found: cut.map(({ execution, data }) => `${execution} (${data.cause})`).join(", ") || "none",
  };
}

function markedRerun({ view, killed }: Evidence): Proof {
  const reruns = view.stages.flatMap(({ address, attempts }) =>
    attempts.filter(({ rerun }) => rerun).map(({ n, execution }) => ({ address, n, execution })),
  );
  return {
    claim: "It alone was executed again, under the same attempt, and is marked as a rerun.",
    holds: reruns.length === 1 && reruns[0]?.address === killed.stage && reruns[0].n === 1,
    found: reruns.map(({ execution }) => execution).join(", ") || "none",
  };
}

/** The tools' own notes against the journal: what ran outside is what the journal says, no more and no less. */
function countedOutside({ journal, steps, killed }: Evidence): Proof {
  const noted = countBy(
    steps.filter(({ what }) => what === "began").map(({ stage, attempt }) => `${stage}#${attempt}`),
  );
  const journaled = countBy(of(journal, "stage.started").map((entry) => `${entry.stage}#${entry.attempt}`));
  const differing = [...noted]
    .filter(([attempt, count]) => journaled.get(attempt) !== count)
    .map(([attempt]) => attempt);
  const twice = [...noted].filter(([, count]) => count > 1).map(([attempt]) => attempt);
  return {
    claim: "The tools wrote down the same: each attempt began once, but for that one, which began twice.",
    holds: differing.length === 0 && noted.size > 1 && twice.length === 1 && twice[0] === `${killed.stage}#1`,
    found: `${noted.size} attempts; twice: ${twice.join(", ") || "none"}${differing.length > 0 ? `; not as in the journal: ${differing.join(", ")}` : ""}`,
  };
}

function toolEnded({ steps, killed }: Evidence): Proof {
  const began = steps.findIndex(
    ({ what, stage, pid }) => what === "began" && stage === killed.stage && pid !== killed.toolPid,
  );
  const late = steps.findIndex(({ what, pid }) => what === "ended" && pid === killed.toolPid);
  return {
    claim: "The tool that the dead process had left behind was gone before its stage began again.",
    holds: !isAlive(killed.toolPid) && began >= 0 && late < began,
    found: `process ${killed.toolPid} ${isAlive(killed.toolPid) ? "is still there" : "is gone"}`,
  };
}

function flakyRetried({ journal, view, flaky }: Evidence): Proof {
  const [scheduled, ...more] = of(journal, "stage.retry_scheduled").filter((entry) => entry.stage === flaky);
  const second = of(journal, "stage.started").find((entry) => entry.stage === flaky && entry.attempt === 2);
  const waitedMs = scheduled && second ? second.at - scheduled.at : undefined;
  const delayMs = scheduled?.data.delayMs ?? 0;
  const ended = view.stages.find(({ address }) => address === flaky)?.status;
  return {
    claim: "The flaky stage failed once, waited for its back-off, and succeeded at its second attempt.",
    holds: more.length === 0 && waitedMs !== undefined && delayMs > 0 && waitedMs >= delayMs && ended === "succeeded",
    found: `back-off ${delayMs} ms, waited ${waitedMs ?? "–"} ms, ${ended}`,
  };
}

function verified({ verified: report }: Evidence): Proof {
  return {
    claim: "`verify` finds the journal gapless and equal to what is stored.",
    holds: report.ok,
    found: report.ok ? `${report.entries} entries` : report.problems.join("; "),
  };
}

function of<Type extends JournalEntry["type"]>(journal: readonly JournalEntry[], type: Type): JournalEntry<Type>[] {
  return journal.filter((entry): entry is JournalEntry<Type> => entry.type === type);
}

function before(seq: number): (entry: JournalEntry) => boolean {
  return (entry) => entry.seq <= seq;
}

function stageOf(entry: JournalEntry): string {
  return entry.stage ?? "";
}

function countBy(keys: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}
