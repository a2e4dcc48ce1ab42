/** What a paused run holds, as its charts have it; to be compared with what its journal says. Source: 03 §2. */
import type { JournalEntry, NewEntry } from "../journal/entry.ts";
import { createFold, emptyFold } from "../journal/fold.ts";
import { controlView } from "../journal/view/control-view.ts";
import type { ActorWrite, TurnWrite } from "../persistence/store.ts";
import { heldRegions, type StoredActor } from "./held-regions.ts";

/** States of a stage that would go on by itself, but for the pause; a back-off is held by the clock. */
const HELD_STAGES: ReadonlySet<string> = new Set(["ready", "interrupted", "answered"]);
const HELD_BRANCHES: ReadonlySet<string> = new Set(["starting", "ending", "failing", "restarting"]);

interface Snapshot {
  readonly value: { readonly execution: string; readonly control: string };
  readonly context: StoredActor["context"];
}

export class HeldWork {
  readonly #fold = createFold(emptyFold(""));
  /** Live branches and stages, as they were stored. */
  readonly #actors = new Map<string, StoredActor>();

  /** Takes a turn; answers with where the view and the charts, or the view and `open`, differ. */
  take(turn: TurnWrite, open: ReadonlySet<string>): string[] {
    for (const [index, entry] of turn.entries.entries()) this.#fold.push(numbered(turn, entry, index));
    for (const write of turn.actors ?? []) this.#note(write);
    const state = this.#fold.state();
    const { draining, held } = controlView(state);
    const problems: string[] = [];
    if (state.status === "pausing" || state.status === "cancelling") {
      const named = draining.map(({ execution }) => execution);
      problems.push(...differ("drains", named, [...open]));
    }
    if ((state.status === "pausing" || state.status === "paused") && state.branches.size > 0) {
      const named = held.filter(({ what }) => what !== "retry").map(({ stage }) => this.#actorOf(stage));
      problems.push(...differ("is held", named, this.#held()));
    }
    return problems;
  }

  #note(write: ActorWrite): void {
    if (write.actor === "run") return;
    if ("ended" in write) this.#actors.delete(write.actor);
    else {
      const { value, context } = JSON.parse(write.snapshot) as Snapshot;
      this.#actors.set(write.actor, { state: value.execution, control: value.control, context });
    }
  }

  #held(): string[] {
    const own = [...this.#actors].flatMap(([actor, { state }]) => {
      const held = actor.startsWith("stage:") ? HELD_STAGES : HELD_BRANCHES;
      return held.has(state) ? [actor] : [];
    });
    return [...own, ...heldRegions(this.#actors)];
  }

  /** An end is held by the stage that was answered, or else by the branch that has come to it. */
  #actorOf(stage: string | undefined): string {
    if (stage !== undefined && this.#actors.has(`stage:${stage}`)) return `stage:${stage}`;
    const branch = stage === undefined ? "main" : stage.slice(0, stage.lastIndexOf("/"));
    return `branch:${branch}`;
  }
}

function numbered({ runId, baseSeq, entries, atMs }: TurnWrite, entry: NewEntry, index: number): JournalEntry {
  const seq = baseSeq + index + 1;
  return { ...entry, runId, seq, gseq: seq, turn: baseSeq + entries.length, at: atMs, v: 1 };
}

function differ(what: string, said: readonly string[], truth: readonly string[]): string[] {
  const [a, b] = [said, truth].map((list) => list.toSorted().join(", ") || "nothing");
  return a === b ? [] : [`the view says that ${a} ${what}; it is ${b}`];
}
