/** A run from its rows: live actors restored, scopes and open work as they were committed. O(live). */
import { SafepointError } from "../errors.ts";
import { type Graph, indexGraph, type JsonValue } from "../graph/index.ts";
import { executionId } from "../machines/stage.machine.ts";
import { restore } from "../machines/xstate.ts";
import type { ContextRow, RunCreation, RunImage, Store } from "../persistence/store.ts";
import { isAttending } from "./children/control-child.ts";
import { ClosedGates } from "./gates/closed-gates.ts";
import { CHARTS, type HeldRun, kindOfActor, type LiveActor, regionOf } from "./held-run.ts";
import { Scopes } from "./scopes.ts";

/** A run that is about to be created: nothing of it is stored yet. */
export function emptyRun(create: RunCreation, graph: Graph, restarts: number): HeldRun {
  const token = create.owner ? 1 : 0;
  const scopes = new Scopes();
  scopes.open("main");
  return {
    runId: create.runId,
    token,
    graph,
    index: indexGraph(graph),
    inputs: create.inputs,
    restarts,
    row: { ...create, resumeEpoch: 0, seq: 0, token },
    seq: 0,
    actors: new Map(),
    unstored: new Set(),
    scopes,
    timers: new Map(),
    gates: new Map(),
    closedGates: new ClosedGates(),
    open: new Map(),
    abandoned: new Map(),
    attending: new Set(),
    machineSnapshots: new Map(),
    items: new Map(),
  };
}

/**
 * Throws: checkpoint_incompatible when a snapshot was written by code that this version cannot take up; store_corrupt
 * when a blob that the context names is missing.
 */
export async function holdRun(store: Store, image: RunImage, graph: Graph): Promise<HeldRun> {
  const actors = new Map<string, LiveActor>();
  for (const { actor, machine, snapshot } of image.actors) {
    const kind = kindOfActor(actor);
    actors.set(actor, { kind, snapshot: restore(CHARTS[kind].machine, machine, snapshot) } as LiveActor);
  }
  const scopes = await loadScopes(store, image);
  const restarts = scopes.read("@run", "restarts");
  return {
    runId: image.run.runId,
    token: image.run.token,
    graph,
    index: indexGraph(graph),
    inputs: image.run.inputs,
    restarts: typeof restarts === "number" ? restarts : 0,
    row: image.run,
    seq: image.run.seq,
    actors,
    unstored: new Set(),
    scopes,
    timers: new Map(image.timers.map((row) => [row.timer, row])),
    gates: new Map(image.gates.map((row) => [row.gate, row])),
    closedGates: new ClosedGates(),
    open: openExecutions(actors),
    abandoned: new Map(),
    attending: attendingStages(actors),
    machineSnapshots: new Map(image.handlerSnapshots.map(({ stage, snapshot }) => [stage, snapshot])),
    items: await loadItems(store, actors),
  };
}

function attendingStages(actors: ReadonlyMap<string, LiveActor>): Set<string> {
  const waits = [...actors].filter(([, actor]) => actor.kind === "stage" && isAttending(actor.snapshot));
  return new Set(waits.map(([address]) => address));
}

function openExecutions(actors: ReadonlyMap<string, LiveActor>): Map<string, string> {
  const open = new Map<string, string>();
  for (const actor of actors.values()) {
    if (actor.kind !== "stage" || regionOf(actor, "execution") !== "executing") continue;
    open.set(executionId(actor.snapshot.context), actor.snapshot.context.stage);
  }
  return open;
}

async function loadScopes(store: Store, image: RunImage): Promise<Scopes> {
  const scopes = new Scopes();
  for (const { scope, parent } of image.scopes) scopes.open(scope, parent);
  scopes.open("main");
  for (const row of image.context) {
    scopes.open(row.scope).set(row.key, await readValue(store, row));
  }
  return scopes;
}

/** Lists of the foreach activations that go on, by the hash they were pinned with. */
async function loadItems(store: Store, actors: ReadonlyMap<string, LiveActor>) {
  const items = new Map<string, readonly JsonValue[]>();
  for (const actor of actors.values()) {
    const context = actor.kind === "stage" ? actor.snapshot.context : undefined;
    if (!context?.region?.items) continue;
    const { hash, bytes } = context.region.items;
    const row = { scope: context.stage, key: "items", seq: 0, value: { blob: hash, bytes } };
    items.set(context.stage, (await readValue(store, row)) as JsonValue[]);
  }
  return items;
}

async function readValue(store: Store, { scope, key, value }: ContextRow): Promise<JsonValue | undefined> {
  if (value === undefined) return undefined;
  if ("json" in value) return JSON.parse(value.json) as JsonValue;
  const bytes = await store.getBlob(value.blob);
  if (bytes) return JSON.parse(Buffer.from(bytes).toString("utf8")) as JsonValue;
  throw new SafepointError(
    "store_corrupt",
    `the blob ${value.blob} of context key ${key} in scope ${scope} is missing`,
    {
      details: { scope, key, blob: value.blob },
    },
  );
}
