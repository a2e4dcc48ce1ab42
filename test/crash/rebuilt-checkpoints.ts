import { stageInputsOf } from "../../src/actors/stage-inputs.ts";
import type { JsonValue } from "../../src/graph/index.ts";
import { readContext } from "../../src/journal/fold/context.ts";
import { fold } from "../../src/journal/fold.ts";
import { rebuildSnapshots } from "../../src/machines/rebuild.ts";
import type { ActorRow, RunImage, Store } from "../../src/persistence/store.ts";
import { pinnedGraph } from "../../src/runtime/prepare-pipeline.ts";

/** A store whose checkpoints are lost: what is loaded of a run is made from its journal. */
export function withoutCheckpoints(store: Store): Store & { readonly rebuilt: number } {
  let rebuilt = 0;
  const load = async (runId: string): Promise<RunImage | undefined> => {
    const image = await store.load(runId);
    if (!image) return undefined;
    const actors = await rebuildActors(store, image);
    rebuilt += actors.length;
    return { ...image, actors };
  };
  // Methods keep their receiver: a class's private fields are not the proxy's.
  return new Proxy(store as Store & { readonly rebuilt: number }, {
    get(target, name) {
      if (name === "load") return load;
      if (name === "rebuilt") return rebuilt;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

async function rebuildActors(store: Store, { run }: RunImage): Promise<ActorRow[]> {
  const [pipeline] = await store.read("pipelines", { hash: run.pipelineHash });
  const graph = pinnedGraph(pipeline?.source ?? "");
  const state = fold(await store.read("journal", { runId: run.runId }));
  const snapshots = rebuildSnapshots(state, {
    graph,
    stageInput: stageInputsOf(graph, () => undefined),
    read: (branch, key) => readContext(state, branch, key) as JsonValue | undefined,
    maxRestarts: 50,
  });
  return [...snapshots].map(([actor, { machine, snapshot }]) => ({ actor, machine, snapshot, seq: run.seq }));
}
