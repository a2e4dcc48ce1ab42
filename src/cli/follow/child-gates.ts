import { messageOf } from "../../errors.ts";
import type { EntryData } from "../../journal/catalogue.ts";
import type { JournalEntry } from "../../journal/entry.ts";
import type { FoldState } from "../../journal/fold.ts";
import type { Run, Runtime } from "../../runtime/api.ts";
import { findRun } from "../../runtime/queries/find-run.ts";
import { stateAt } from "../../runtime/queries/state-at.ts";
import { tailPages } from "../../runtime/queries/tail.ts";

export interface ChildGatesDeps {
  readonly runtime: Runtime;
  /** Answers a question of a child run where that was prepared; says else how it can be answered. */
  readonly open: (child: Run, entry: JournalEntry) => Promise<void>;
  readonly note: (text: string) => void;
}

/** The questions of child runs, and of theirs: nobody follows these, and their parent cannot go on without an answer. */
export interface ChildGates {
  /** Called with each entry of a journal that is followed. */
  take(entry: JournalEntry): void;
  end(): void;
}

const TYPES = ["gate.opened", "child.started"];

export function followChildGates({ runtime, open, note }: ChildGatesDeps): ChildGates {
  const stop = new AbortController();
  const followed = new Set<string>();
  const follow = async (runId: string): Promise<void> => {
    const child = await runtime.get(runId);
    for await (const page of tailPages(runtime.store, { runId, types: TYPES, signal: stop.signal })) {
      for (const entry of page) {
        take(entry);
        if (entry.type === "gate.opened") await open(child, entry);
      }
    }
  };
  const take = ({ type, data }: JournalEntry): void => {
    if (type !== "child.started") return;
    const { child } = data as EntryData<"child.started">;
    if (followed.has(child)) return;
    followed.add(child);
    follow(child).catch((failure: unknown) =>
      note(`the questions of ${child} are not followed: ${messageOf(failure)}`),
    );
  };
  return { take, end: () => stop.abort() };
}

/** Whether nothing of a run and its children goes on, and something of it waits for a person's answer. */
export async function familyWaitsForPerson({ store }: Pick<Runtime, "store">, runId: string): Promise<boolean> {
  let gates = 0;
  const waiting = [runId];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { status, seq } = await findRun(store, next);
    const state = await stateAt(store, next, seq);
    if (status !== "running" || !standsStill(state)) return false;
    gates += state.gates.size;
    waiting.push(...state.children.keys());
  }
  return gates > 0;
}

/** Whether every live stage waits for an answer, for a child run, or for the branches that it coordinates. */
function standsStill({ stages, branches, gates }: FoldState): boolean {
  const within = new Set([...branches.keys()].map((path) => path.slice(0, Math.max(0, path.lastIndexOf("/")))));
  const asked = new Set([...gates.values()].map(({ stage }) => stage));
  return [...stages.values()].every(
    ({ address, child }) => asked.has(address) || child !== undefined || within.has(address),
  );
}
