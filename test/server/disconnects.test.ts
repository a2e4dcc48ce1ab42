/**
 * Clients that lose their connection at any moment, a thousand times over, and go on by the id of what they had last: no
 * entry is missing, none comes twice, and all are in order. The same for the stream over HTTP and for the observable.
 */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Runtime } from "../../src/index.ts";
import { memoryStore } from "../../src/persistence/memory/index.ts";
import type { Store } from "../../src/persistence/store.ts";
import { type SeededRandom, seededRandom } from "../../src/testing/seeded-random.ts";
import { openStore, temporaryFolder } from "../persistence/temporary.ts";
import { creationOf, entry, writeRest, writeTurns } from "../queries/stored-run.ts";
import { type Client, eventsOf, openServer } from "./fixtures.ts";

const DISCONNECTS = 1_000;
const CLIENTS = 20;
/** Entries that the last client may be behind, so that it does not read for ever. */
const AHEAD_MAX = 200;
const SEED = Number(process.env["SEED"] ?? Date.now() % 1_000_000);

/** Gives entries after an id, until `enough` says so or there are no more. Answers whether that was the end. */
type Line = (after: number, enough: (id: number) => boolean) => Promise<boolean>;

/** Over HTTP: the connection is cut wherever the client stops reading. */
function httpLine({ get }: Client, path: string): Line {
  return async (after, enough) => {
    const headers = { accept: "text/event-stream", ...(after === 0 ? {} : { "last-event-id": String(after) }) };
    for await (const { id, event } of eventsOf(await get(path, headers))) {
      if (event === "end") return true;
      if (id !== undefined && enough(id)) return false;
    }
    throw new Error("the stream ended without a word");
  };
}

function observableLine({ get }: Runtime, runId: string): Line {
  return async (after, enough) => {
    const run = await get(runId);
    return new Promise((resolve, reject) => {
      const subscription = run.events({ after }).subscribe({
        next: ({ seq }) => {
          if (!enough(seq)) return;
          subscription.unsubscribe();
          resolve(false);
        },
        complete: () => resolve(true),
        error: reject,
      });
    });
  };
}

interface Play {
  readonly line: Line;
  /** Id of the very last entry; undefined while there will be more. */
  last(): number | undefined;
  /** Answers with how many entries it wrote. */
  write(random: SeededRandom): Promise<number>;
  finish(): Promise<void>;
}

/** What each client has seen, in the order it came. */
async function play({ line, last, write, finish }: Play): Promise<readonly (readonly number[])[]> {
  let disconnects = 0;
  const all: number[][] = [];
  const follow = async (random: SeededRandom): Promise<readonly number[]> => {
    const seen: number[] = [];
    all.push(seen);
    for (;;) {
      let patience = random.integer(12);
      const isOver = await line(seen.at(-1) ?? 0, (id) => {
        seen.push(id);
        patience -= 1;
        return patience < 0 || id === last();
      });
      if (isOver || seen.at(-1) === last()) return seen;
      disconnects += 1;
    }
  };
  const writing = async (random: SeededRandom): Promise<void> => {
    let written = 0;
    while (disconnects < DISCONNECTS) {
      const behind = Math.min(...all.map((seen) => seen.length));
      if (written - behind < AHEAD_MAX) written += await write(random);
      for (let pause = random.integer(4); pause >= 0; pause -= 1) await new Promise((resolve) => setImmediate(resolve));
    }
    await finish();
  };
  const random = seededRandom(SEED);
  const clients = Array.from({ length: CLIENTS }, (_, index) => follow(random.fork(`client ${index}`)));
  const [, ...seen] = await Promise.all([writing(random.fork("writer")), ...clients]);
  expect(disconnects).toBeGreaterThanOrEqual(DISCONNECTS);
  return seen;
}

const tick = () => entry("timer.fired", { timer: "t" });
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

async function writeTicks(store: Store, runId: string, count: number): Promise<number> {
  await writeTurns(store, runId, [{ entries: upTo(count).map(tick) }]);
  return count;
}

/** A run that goes on until all have been cut off often enough, and then ends. */
async function oneRun([store, written]: readonly [Store, Store], lineOf: (client: Client) => Line): Promise<Play> {
  await writeTurns(written, "demo", [creationOf("demo")]);
  const client = await openServer({ runtime: { store } });
  return {
    line: lineOf(client),
    last: () => undefined,
    write: (random) => writeTicks(written, "demo", random.between(1, 4)),
    finish: () => writeRest(written, 1),
  };
}

const ofRun: Readonly<Record<string, (client: Client) => Line>> = {
  "over HTTP": (client) => httpLine(client, "/runs/demo/events"),
  "of the observable": ({ runtime }) => observableLine(runtime, "demo"),
};

const stores: Readonly<Record<string, () => readonly [Store, Store]>> = {
  memory: () => {
    const store = memoryStore();
    return [store, store];
  },
  "a file that somebody else writes": () => {
    const path = join(temporaryFolder(), "runs.db");
    return [openStore(path), openStore(path)];
  },
};

describe.each(Object.entries(stores))("on %s, a thousand disconnects", (_name, open) => {
  it.each(Object.entries(ofRun))(`lose nothing of a run %s (SEED=${SEED})`, async (_line, lineOf) => {
    const [mine, theirs] = open();
    const seen = await play(await oneRun([mine, theirs], lineOf));
    const [{ seq = 0 } = {}] = await theirs.read("run", { runId: "demo" });
    expect(seq).toBeGreaterThan(100);
    for (const each of seen) expect(each).toEqual(upTo(seq));
  });

  it(`lose nothing of all runs over HTTP (SEED=${SEED})`, async () => {
    const [mine, theirs] = open();
    for (const runId of ["a", "b", "c"]) await writeTurns(theirs, runId, [creationOf(runId)]);
    const client = await openServer({ runtime: { store: mine } });
    let last: number | undefined;
    const seen = await play({
      line: httpLine(client, "/events"),
      last: () => last,
      write: (random) => writeTicks(theirs, random.pick(["a", "b", "c"]), random.between(1, 4)),
      async finish() {
        const [newest] = await theirs.read("journal", { descending: true, limit: 1 });
        last = (newest?.gseq ?? 0) + 1;
        await writeTurns(theirs, "a", [{ entries: [tick()] }]);
      },
    });
    for (const each of seen) expect(each).toEqual(upTo(last as number));
  });
});
