/** Plays one scenario through every door, and holds what each was told against what the others were. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import type { JournalEntry } from "../../src/journal/entry.ts";
import { sqliteStore } from "../../src/persistence/sqlite/index.ts";
import type { Store } from "../../src/persistence/store.ts";
import { tailPages } from "../../src/runtime/queries/tail.ts";
import { cliDoor } from "./cli-door.ts";
import { comparable } from "./comparable.ts";
import type { Door, Place, Said } from "./door.ts";
import { Hands } from "./hands.ts";
import { httpDoor } from "./http-door.ts";
import { libraryDoor } from "./library-door.ts";

export type OpenDoor = (place: Place) => Promise<Door>;

export const DOORS: readonly OpenDoor[] = [libraryDoor, httpDoor, cliDoor];

/** What a scenario is played with. */
export interface Stage {
  readonly door: Door;
  readonly hands: Hands;
  /** Looks past the door, for what is to be waited for. */
  readonly store: Store;
  /** The first entry of a type (and stage) of a run; waits for it. */
  entry(runId: string, type: string, stage?: string): Promise<JournalEntry>;
}

export type Scenario = (stage: Stage) => Promise<void>;

export interface Setting {
  /** Beside the pipelines. */
  readonly files?: Readonly<Record<string, string>>;
  readonly doors?: readonly OpenDoor[];
}

/** One thing that was asked, and what was answered. */
interface Told {
  readonly asked: string;
  said: Said | undefined;
}

export async function play(scenario: Scenario, { files = {}, doors = DOORS }: Setting = {}): Promise<void> {
  const [model, ...others] = await inTurn(doors, (open) => playThrough(open, files, scenario));
  for (const other of others) {
    expect(other.told.map(({ asked }) => asked)).toEqual(model?.told.map(({ asked }) => asked));
    for (const [index, { asked, said }] of other.told.entries()) {
      const as = model?.told[index]?.said;
      // What a door has no way to ask is no difference: the vocabulary lists it.
      if (said && as) expect(said, `${other.name}, as ${model?.name}: ${asked}`).toEqual(as);
    }
  }
}

async function playThrough(open: OpenDoor, files: NonNullable<Setting["files"]>, scenario: Scenario) {
  const dir = mkdtempSync(join(tmpdir(), "safepoint-conformance-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  const path = join(dir, "runs.db");
  const hands = new Hands();
  const door = await open({ dir, path });
  const store = sqliteStore({ path, create: true });
  const told: Told[] = [];
  try {
    await scenario({ door: heard(door, told, dir), hands, store, entry: entryOf(store) });
    return { name: door.name, told };
  } catch (failure) {
    throw new Error(`through the door "${door.name}": ${String(failure)}`, { cause: failure });
  } finally {
    hands.release();
    await door.close();
    await store.close();
  }
}

/** The door, with somebody who writes down what is asked and answered. */
function heard(door: Door, told: Told[], dir: string): Door {
  return new Proxy(door, {
    get(target, name: keyof Door) {
      const asks = target[name] as unknown;
      if (typeof asks !== "function") return asks;
      return async (...words: unknown[]) => {
        const line: Told = { asked: `${name} ${JSON.stringify(words).slice(0, 200)}`, said: undefined };
        told.push(line);
        const said = (await asks(...words)) as Said | undefined;
        line.said = said && comparable(said, dir);
        return said;
      };
    },
  });
}

function entryOf(store: Store): Stage["entry"] {
  return async (runId, type, stage) => {
    const query = { runId, types: [type], ...(stage === undefined ? {} : { stage }) };
    for await (const page of tailPages(store, query)) for (const entry of page) return entry;
    throw new Error(`run ${runId} ended without ${type} ${stage ?? ""}`);
  };
}

async function inTurn<A, B>(items: readonly A[], use: (item: A) => Promise<B>): Promise<B[]> {
  const results: B[] = [];
  for (const item of items) results.push(await use(item));
  return results;
}

/** A pipeline of nodes of the type `step`, between `start` and `exit`. */
export function pipeline(body: string, graph = ""): string {
  return `digraph played {
    graph [goal="conform" ${graph}]
    node [type=step]
    start [shape=Mdiamond, type=start]
    exit [shape=Msquare, type=exit]
    ${body}
  }`;
}

/** Works if it is told so at a gate, then ends. */
export const ASKING = pipeline(
  'ask [type="wait.human", label="Go on?"]; work; start -> ask; ask -> work [label=Yes]; ask -> exit [label=No]; work -> exit',
);
export const GATE = "main/ask@1";
