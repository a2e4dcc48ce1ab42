/** A store that looks, after every turn it takes, whether the checkpoints could be made anew from the journal. */
import { stageInputsOf } from "../../src/actors/stage-inputs.ts";
import type { Graph, JsonValue } from "../../src/graph/index.ts";
import { readContext } from "../../src/journal/fold/context.ts";
import { createFold, emptyFold, type Fold, type FoldState } from "../../src/journal/fold.ts";
import { branchMachine } from "../../src/machines/branch.machine.ts";
import { rebuildSnapshots } from "../../src/machines/rebuild.ts";
import { runMachine } from "../../src/machines/run.machine.ts";
import { stageMachine } from "../../src/machines/stage.machine.ts";
import { type AnyStateMachine, persist, restore } from "../../src/machines/xstate.ts";
import type { ActorRow, RunImage, Store } from "../../src/persistence/store.ts";
import { delegateStore } from "../../src/runtime/delegate-store.ts";
import { pinnedGraph } from "../../src/runtime/prepare-pipeline.ts";

export interface RebuiltStore {
  readonly store: Store;
  /** One sentence a difference. */
  readonly problems: string[];
  /** The places of `control/execution` that live actors were seen in. */
  readonly places: Set<string>;
}

export function rebuiltStore(inner: Store): RebuiltStore {
  const folds = new Map<string, { readonly fold: Fold; seq: number }>();
  const problems: string[] = [];
  const places = new Set<string>();
  async function look(runId: string): Promise<void> {
    const known = folds.get(runId) ?? { fold: createFold(emptyFold(runId)), seq: 0 };
    folds.set(runId, known);
    for (const entry of await inner.read("journal", { runId, after: known.seq })) {
      known.fold.push(entry);
      known.seq = entry.seq;
    }
    const image = await inner.load(runId);
    const stored = new Map((image?.actors ?? []).map((row) => [row.actor, plain(row)]));
    for (const [actor, { value }] of stored) places.add(placeOf(actor, value));
    const rebuilt = rebuild(known.fold.state(), await graphOf(image));
    problems.push(...differences(stored, rebuilt).map((problem) => `at seq ${known.seq}: ${problem}`));
  }
  const graphs = new Map<string, Graph>();
  async function graphOf(image: RunImage | undefined): Promise<Graph> {
    const hash = image?.run.pipelineHash ?? "";
    const known = graphs.get(hash);
    if (known) return known;
    const [pipeline] = await inner.read("pipelines", { hash });
    const graph = pinnedGraph(pipeline?.source ?? "");
    graphs.set(hash, graph);
    return graph;
  }
  const store: Store = {
    ...delegateStore(inner),
    async commit(turns) {
      const results = await inner.commit(turns);
      for (const [index, { runId }] of turns.entries()) if (results[index]?.ok) await look(runId);
      return results;
    },
  };
  return { store, problems, places };
}

interface Checkpoint {
  readonly value: Readonly<Record<string, string>>;
  readonly context: Readonly<Record<string, JsonValue>>;
}

function rebuild(state: FoldState, graph: Graph): Map<string, Checkpoint> {
  const checkpoints = rebuildSnapshots(state, {
    graph,
    stageInput: stageInputsOf(graph, () => undefined),
    read: (branch, key) => readContext(state, branch, key) as JsonValue | undefined,
    maxRestarts: 50,
  });
  return new Map([...checkpoints].map(([actor, checkpoint]) => [actor, plain({ actor, ...checkpoint })]));
}

function plain({ actor, machine, snapshot }: Pick<ActorRow, "actor" | "machine" | "snapshot">): Checkpoint {
  const { value, context } = JSON.parse(persist(restore(chartOf(actor), machine, snapshot))) as Checkpoint;
  // The signal of a shutdown is not in the journal: who had it does not outlive its process.
  return { value, context: context["abort"] === "shutdown" ? { ...context, abort: null } : context };
}

function chartOf(actor: string): AnyStateMachine {
  return actor === "run" ? runMachine : actor.startsWith("branch:") ? branchMachine : stageMachine;
}

function placeOf(actor: string, { control, execution }: Checkpoint["value"]): string {
  return `${actor.replace(/:.*/, "")} ${control}/${execution}`;
}

function differences(stored: ReadonlyMap<string, Checkpoint>, rebuilt: ReadonlyMap<string, Checkpoint>): string[] {
  const actors = [...new Set([...stored.keys(), ...rebuilt.keys()])];
  return actors.flatMap((actor) => {
    const [live, told] = [sorted(stored.get(actor)), sorted(rebuilt.get(actor))];
    return live === told ? [] : [`${actor} is ${live}, and the journal says ${told}`];
  });
}

/** As text, keys in order. */
function sorted(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    part !== null && typeof part === "object" && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
