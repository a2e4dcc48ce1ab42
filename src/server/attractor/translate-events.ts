/**
 * A journal in the events of the Attractor specification, §9.6. What has no name there keeps ours. Numbers of stages and
 * durations are counted from a run's first entry, so a translator is fed all of them, in order.
 * docs/reference/events.md has the table.
 */
import { readStageAddress } from "../../journal/address.ts";
import type { EntryData, EntryType } from "../../journal/catalogue.ts";
import type { JournalEntry } from "../../journal/entry.ts";

export interface AttractorEvent {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

type Translation = (entry: JournalEntry, run: Progress) => readonly AttractorEvent[];

/** What the names of the specification need to know of what came before. */
class Progress {
  name = "";
  startedAt: number | undefined;
  artifacts = 0;
  readonly #stages = new Map<string, { readonly index: number; readonly at: number }>();
  readonly #began = new Map<string, number>();

  /** Undefined: it had begun before. */
  begin(stage: string, at: number): number | undefined {
    if (this.#stages.has(stage)) return undefined;
    const index = this.#stages.size;
    this.#stages.set(stage, { index, at });
    return index;
  }

  stageOf({ stage = "", at }: JournalEntry) {
    const known = this.#stages.get(stage);
    return { name: nodeOf(stage), index: known?.index ?? 0, duration: at - (known?.at ?? at) };
  }

  /** Of branches, activations and questions, by address. */
  note(what: string, at: number): void {
    this.#began.set(what, at);
  }

  since(what: string, at: number): number {
    return at - (this.#began.get(what) ?? at);
  }
}

export function createTranslator(): (entry: JournalEntry) => readonly AttractorEvent[] {
  const run = new Progress();
  return (entry) => {
    const known = TRANSLATIONS[entry.type]?.(entry, run) ?? [{ event: entry.type, data: entry.data }];
    const events = entry.seq === entry.turn ? [...known, checkpointSaved(entry)] : known;
    const common = { sequence: entry.seq, timestamp: new Date(entry.at).toISOString(), pipeline_id: entry.runId };
    return events.map(({ event, data }) => ({ event, data: { type: event, ...common, ...data } }));
  };
}

function checkpointSaved({ stage }: JournalEntry): AttractorEvent {
  return { event: "CheckpointSaved", data: stage === undefined ? {} : { node_id: nodeOf(stage) } };
}

function nodeOf(stage: string): string {
  return readStageAddress(stage)?.node ?? stage;
}

const stageBegun: Translation = ({ stage = "", at }, run) => {
  const index = run.begin(stage, at);
  return index === undefined ? [] : [{ event: "StageStarted", data: { name: nodeOf(stage), index } }];
};

const stageCompleted: Translation = (entry, run) => [{ event: "StageCompleted", data: run.stageOf(entry) }];

function branchCompleted(success: boolean): Translation {
  return ({ branch = "", at }, run) => [
    {
      event: "ParallelBranchCompleted",
      data: { branch, index: Number(branch.split("/").at(-1)), duration: run.since(branch, at), success },
    },
  ];
}

function failureOf(entry: JournalEntry): string {
  const { outcome } = entry.data as EntryData<"stage.failed">;
  return outcome.failureReason ?? outcome.status;
}

const TRANSLATIONS: Readonly<Partial<Record<EntryType, Translation>>> = {
  "run.created": ({ data }, run) => {
    run.name = (data as EntryData<"run.created">).pipeline.name;
    return [];
  },
  "run.started": ({ at, runId }, run) => {
    if (run.startedAt !== undefined) return [];
    run.startedAt = at;
    return [{ event: "PipelineStarted", data: { name: run.name, id: runId } }];
  },
  "run.completed": ({ at }, run) => [
    { event: "PipelineCompleted", data: { duration: at - (run.startedAt ?? at), artifact_count: run.artifacts } },
  ],
  "run.failed": ({ at, data }, run) => [
    {
      event: "PipelineFailed",
      data: { error: (data as EntryData<"run.failed">).message, duration: at - (run.startedAt ?? at) },
    },
  ],
  "stage.entered": stageBegun,
  "stage.started": stageBegun,
  "stage.succeeded": stageCompleted,
  "stage.skipped": stageCompleted,
  "stage.failed": (entry, run) => {
    const { name, index } = run.stageOf(entry);
    return [{ event: "StageFailed", data: { name, index, error: failureOf(entry), will_retry: false } }];
  },
  "stage.retry_scheduled": (entry, run) => {
    const { name, index } = run.stageOf(entry);
    const { nextAttempt, delayMs } = entry.data as EntryData<"stage.retry_scheduled">;
    return [
      { event: "StageFailed", data: { name, index, error: failureOf(entry), will_retry: true } },
      { event: "StageRetrying", data: { name, index, attempt: nextAttempt, delay: delayMs } },
    ];
  },
  "parallel.started": ({ at, data }, run) => {
    const { activation, branches } = data as EntryData<"parallel.started">;
    run.note(activation, at);
    return [{ event: "ParallelStarted", data: { branch_count: branches.length } }];
  },
  "branch.started": ({ branch = "", at, data }, run) => {
    run.note(branch, at);
    return [{ event: "ParallelBranchStarted", data: { branch, index: (data as EntryData<"branch.started">).index } }];
  },
  "branch.succeeded": branchCompleted(true),
  "branch.failed": branchCompleted(false),
  "branch.cancelled": branchCompleted(false),
  "branch.superseded": branchCompleted(false),
  "join.decided": ({ at, data }, run) => {
    const { activation, succeeded, failed } = data as EntryData<"join.decided">;
    const duration = run.since(activation, at);
    return [{ event: "ParallelCompleted", data: { duration, success_count: succeeded, failure_count: failed } }];
  },
  "gate.opened": ({ at, data, stage = "" }, run) => {
    const { gate, text } = data as EntryData<"gate.opened">;
    run.note(gate, at);
    return [{ event: "InterviewStarted", data: { qid: gate, question: text, stage: nodeOf(stage) } }];
  },
  "gate.answered": ({ at, data, stage = "" }, run) => {
    const { gate, answer } = data as EntryData<"gate.answered">;
    const duration = run.since(gate, at);
    return [{ event: "InterviewCompleted", data: { qid: gate, stage: nodeOf(stage), answer, duration } }];
  },
  "gate.timed_out": ({ at, data, stage = "" }, run) => {
    const { gate } = data as EntryData<"gate.timed_out">;
    return [{ event: "InterviewTimeout", data: { qid: gate, stage: nodeOf(stage), duration: run.since(gate, at) } }];
  },
  "artifact.stored": ({ data, type }, run) => {
    run.artifacts += 1;
    return [{ event: type, data: data as EntryData<"artifact.stored"> }];
  },
};
