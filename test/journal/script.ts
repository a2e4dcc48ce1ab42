/** Writes journals for tests: entries numbered and grouped into turns, as a store would hand them back. */
import type { EntryData, EntryType } from "../../src/journal/catalogue.ts";
import type { JournalEntry, NewEntry } from "../../src/journal/entry.ts";
import { parseEntry } from "../../src/journal/parse-entry.ts";

type Columns = Partial<Pick<NewEntry, "branch" | "stage" | "attempt" | "execution" | "cause">>;

export class Script {
  readonly entries: JournalEntry[] = [];
  readonly runId: string;
  /** Epoch ms of the entries written next. */
  now = 1_000;

  constructor(runId = "run-1") {
    this.runId = runId;
  }

  /** One turn: all entries added inside carry the seq of the last. */
  turn(write: (script: this) => void): this {
    const from = this.entries.length;
    write(this);
    const turn = this.entries.length;
    for (let index = from; index < turn; index += 1) {
      this.entries[index] = parseEntry({ ...this.entries[index], turn });
    }
    return this;
  }

  add<T extends EntryType>(type: T, data: EntryData<T>, columns: Columns = {}): this {
    const seq = this.entries.length + 1;
    const entry = { runId: this.runId, seq, gseq: seq, turn: seq, at: this.now, type, v: 1, data, ...columns };
    this.entries.push(parseEntry(entry));
    return this;
  }

  create(context: Record<string, string> = {}): this {
    return this.add("run.created", {
      pipeline: { name: "p", hash: "h" },
      inputs: {},
      labels: {},
      context,
    });
  }

  begin(context: Record<string, string> = {}): this {
    return this.turn(() => this.create(context).add("run.started", {}));
  }

  started(stage: string, attempt = 1, start = 1): this {
    return this.add("stage.started", {}, columns(stage, attempt, start));
  }

  succeeded(
    stage: string,
    attempt = 1,
    start = 1,
    outcome: Partial<EntryData<"stage.succeeded">["outcome"]> = {},
  ): this {
    return this.add("stage.succeeded", { outcome: { status: "success", ...outcome } }, columns(stage, attempt, start));
  }

  failed(stage: string, attempt = 1, start = 1): this {
    const outcome = { status: "fail", failureReason: "it broke" };
    return this.add("stage.failed", { outcome, code: "stage_failed" }, columns(stage, attempt, start));
  }

  retry(stage: string, attempt: number, start = 1, dueMs = 500): this {
    const outcome = { status: "retry", failureReason: "not yet" };
    return this.add(
      "stage.retry_scheduled",
      {
        outcome,
        failureClass: "transient",
        nextAttempt: attempt + 1,
        delayMs: 200,
        timer: `retry:${stage}`,
        dueMs,
      },
      columns(stage, attempt, start),
    );
  }

  interrupted(stage: string, attempt: number, start: number, data: Partial<EntryData<"stage.interrupted">> = {}): this {
    return this.add(
      "stage.interrupted",
      { cause: "crash", inARow: 1, policy: "retry", ...data },
      columns(stage, attempt, start),
    );
  }

  entered(stage: string, kind: string): this {
    return this.add("stage.entered", { kind }, { branch: branchOf(stage), stage });
  }

  edge(stage: string, to: string, rule = "unconditional"): this {
    const from = stage.slice(stage.lastIndexOf("/") + 1, stage.lastIndexOf("@"));
    const data = { from, to, rule, candidates: [] };
    return this.add("edge.selected", rule.includes("retry_target") ? data : { ...data, edge: 0 }, {
      branch: branchOf(stage),
      stage,
    });
  }

  pausing(draining: string[], runTimeMs: number): this {
    return this.add("run.pausing", { mode: "drain", source: "own", draining, runTimeMs });
  }

  /** An accepted command of the run. */
  accepted(data: EntryData<"control.accepted">, actor = "ann"): this {
    return this.add("control.accepted", data, { cause: { commandId: `c${this.entries.length}`, actor } });
  }
}

export function columns(stage: string, attempt: number, start: number): Columns {
  return { branch: branchOf(stage), stage, attempt, execution: `${stage}#${attempt}.${start}` };
}

function branchOf(stage: string): string {
  return stage.slice(0, stage.lastIndexOf("/"));
}
