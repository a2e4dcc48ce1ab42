import { expect, it } from "vitest";
import {
  combinePlans,
  crashAtCommit,
  deliveredTwice,
  failCommit,
  journalText,
  RunWorld,
  scriptedHandlers,
  slowCommits,
} from "../../src/testing/index.ts";

const PIPELINE = "digraph { start -> a -> b -> exit; a [type=work]; b [type=work]; exit [shape=Msquare] }";

function openWorld(seed?: number): RunWorld {
  const { handlers } = scriptedHandlers({ "*": { durationMs: 10 } }, { types: ["work"] });
  return new RunWorld({ pipeline: PIPELINE, handlers, ...(seed === undefined ? {} : { seed }) });
}

const statuses = async (world: RunWorld) =>
  (await world.store.read("journal", { runId: "run" })).map(({ type }) => type);

it.each(["before", "after"] as const)(
  "a process that dies %s its n-th commit leaves what the others go on from",
  async (when) => {
    for (let n = 1; n <= 3; n += 1) {
      const world = openWorld();
      await world.do(async () => {
        expect((await world.boot(crashAtCommit(n, when))) && n === 1).toBe(false);
        await world.when(() => !world.isAlive);
        expect(world.turns).toBe(when === "before" ? n - 1 : n);
        if (!world.isFinished) expect(await world.boot()).toBe(true);
        await world.when(() => world.isFinished);
      });
      expect(world.status).toBe("completed");
      expect(await world.problems()).toEqual([]);
    }
  },
);

it("the dead start nothing, end nothing and write nothing", async () => {
  const world = openWorld();
  await world.do(async () => {
    await world.boot();
    await world.when(() => world.handlers.inFlight().length === 1);
    world.kill();
    const { turns } = world;
    await world.scheduler.clock.sleep(3_600_000);
    expect(world.turns).toBe(turns);
  });
  expect(world.handlers.calls.map(({ end }) => end)).toEqual(["lost"]);
});

it.each(["before", "after"] as const)("a commit that is refused %s it took effect is made once", async (when) => {
  const world = openWorld();
  await world.do(async () => {
    await world.boot(failCommit(2, when));
    await world.when(() => world.isFinished);
  });
  const types = await statuses(world);
  expect(types.filter((type) => type === "stage.succeeded").length).toBe(4);
  expect(types.at(-1)).toBe("run.completed");
  expect(await world.problems()).toEqual([]);
});

it("the first plan that has something for a write decides, and slow commits take their time", async () => {
  const world = openWorld();
  const { clock } = world.scheduler;
  const beganAtMs = clock.now();
  await world.do(async () => {
    await world.boot(
      combinePlans(
        failCommit(2),
        slowCommits(clock, (n) => n * 1_000),
      ),
    );
    await world.when(() => world.isFinished);
  });
  // Commits 1, 3 and 4 wait; the second is refused at once and made again as the third.
  expect(clock.now() - beganAtMs).toBeGreaterThanOrEqual(8_000);
  expect(world.status).toBe("completed");
});

it("a command that is delivered twice takes effect once and has one answer", async () => {
  const world = openWorld();
  await world.do(async () => {
    await world.boot();
    const run = await world.run();
    const [first, second] = await deliveredTwice("c1", (options) => run.pause(options));
    expect(second).toEqual(first);
    expect(first).toMatchObject({ accepted: true, changed: true });
    await world.when(() => world.status === "paused");
  });
  const types = await statuses(world);
  expect(types.filter((type) => type === "control.accepted").length).toBe(1);
});

it("two processes over one store are strangers: a command from elsewhere goes through the inbox", async () => {
  const world = openWorld();
  await world.do(async () => {
    await world.boot();
    const elsewhere = await world.runElsewhere();
    const result = await elsewhere.pause();
    expect(result).toMatchObject({ accepted: true });
    await world.when(() => world.status === "paused");
  });
  const [row] = await world.store.read("run", { runId: "run" });
  expect(row?.owner).toMatchObject({ host: "virtual", pid: 1 });
  const [entry] = await world.store.read("journal", { runId: "run", types: ["control.accepted"] });
  expect(entry?.cause?.actor).toBe("elsewhere");
});

it("the same seed gives the same journal over crashes, and another seed another", async () => {
  const journalOf = async (seed: number): Promise<string> => {
    const world = openWorld(seed);
    await world.do(async () => {
      await world.boot(crashAtCommit(2, "after"));
      await world.when(() => !world.isAlive);
      await world.boot();
      void world.tell((run) => run.pause());
      await world.when(() => world.isFinished || world.status === "paused");
      await world.tell((run) => run.continue());
      await world.when(() => world.isFinished);
    });
    return journalText(await world.store.read("journal", { runId: "run" }));
  };
  const journals = new Set<string>();
  for (let seed = 1; seed <= 8; seed += 1) {
    const journal = await journalOf(seed);
    expect(await journalOf(seed)).toBe(journal);
    expect(journal).toContain('"host":"host","pid":0');
    journals.add(journal);
  }
  expect(journals.size).toBeGreaterThan(4);
});
