/** Parents and child runs over one store and one clock; what each is at is decided by the test. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import type { RunView } from "../../src/journal/run-view.ts";
import { memoryStore } from "../../src/persistence/memory/index.ts";
import { sqliteStore } from "../../src/persistence/sqlite/index.ts";
import type { Store } from "../../src/persistence/store.ts";
import type { Run, Runtime, RuntimeOptions } from "../../src/runtime/api.ts";
import { createWorld, type World } from "./control-world.ts";

/** `body` between start and exit. */
export function digraph(body: string, graph = ""): string {
  return `digraph family { graph [goal="test" ${graph}]
    start [shape=Mdiamond]
    exit [shape=Msquare]
    ${body}
  }`;
}

/** A stage that ends when the test says so, before the exit. */
export const CHILD = digraph(`work [prompt="work"]
  start -> work -> exit`);
/** One child run, and a stage behind it. */
export const PARENT = digraph(`sub [type=pipeline, child="child.dot"]
  after [prompt="after"]
  start -> sub -> after -> exit`);
export const CHILD_ID = "p~sub@1.0";

/** A folder with these files, gone after the test. */
export async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "safepoint-family-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return folder;
}

export const STORES: readonly (readonly [name: string, open: () => Store])[] = [
  ["memory", () => memoryStore()],
  ["sqlite", () => sqliteStore(":memory:")],
];

export interface Family {
  readonly world: World;
  readonly baseDir: string;
  /** Starts the parent, as run `p`. */
  start(runtime: Runtime, options?: Parameters<Runtime["start"]>[1]): Promise<Run>;
  status(runId: string): Promise<string>;
  view(runId: string): Promise<RunView>;
  /** Time passes until a run has that status. */
  until(runId: string, status: string): Promise<void>;
  /** Ends whatever goes on and all that comes, until the run has ended. */
  finish(runId: string): Promise<string>;
  expectSound(): Promise<void>;
}

export async function family(
  files: Readonly<Record<string, string>> = { "child.dot": CHILD },
  { parent = PARENT, store = memoryStore() }: { readonly parent?: string; readonly store?: Store } = {},
): Promise<Family> {
  const world = createWorld(store);
  const baseDir = await folderWith(files);
  const status = async (runId: string) => (await world.store.read("run", { runId }))[0]?.status ?? "none";
  const reader = await world.runtime({ maxConcurrentRuns: 1 });
  return {
    world,
    baseDir,
    start: (runtime, options = {}) => runtime.start(parent, { runId: "p", baseDir, ...options }),
    status,
    view: (runId) => reader.view(runId),
    async until(runId, wanted) {
      for (let tries = 0; (await status(runId)) !== wanted; tries += 1) {
        if (tries > 400) expect.fail(`${runId} is ${await status(runId)}, not ${wanted}`);
        await world.clock.advance(25);
      }
    },
    async finish(runId) {
      const ended = ["completed", "failed", "cancelled"];
      for (let tries = 0; !ended.includes(await status(runId)); tries += 1) {
        if (tries > 400) expect.fail(`${runId} is ${await status(runId)} and does not end`);
        for (const call of world.open()) call.end();
        await world.clock.advance(25);
      }
      return status(runId);
    },
    async expectSound() {
      for (const { runId } of await world.store.read("runs", {})) {
        expect((await reader.verify(runId)).problems, runId).toEqual([]);
      }
      expect(await world.store.check()).toEqual([]);
      expect(await world.store.read("commands", { pending: true })).toEqual([]);
    },
  };
}

/** A runtime that is stopped after the test, once nothing goes on any more. */
export async function open(world: World, options: RuntimeOptions = {}): Promise<Runtime> {
  const runtime = await world.runtime(options);
  onTestFinished(async () => {
    for (const call of world.open()) call.end();
    await runtime.stop({ graceMs: 0 });
  });
  return runtime;
}
