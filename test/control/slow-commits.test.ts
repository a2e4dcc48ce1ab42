/** What falls due while the turn before is still being stored. */
import { expect, it } from "vitest";
import { RunWorld, scriptedHandlers, slowCommits } from "../../src/testing/index.ts";

const HOUR_MS = 3_600_000;

it("a back-off that ends while the pause is being stored does not end before the run goes on", async () => {
  const script = { work: [{ throws: "retryable", retryAfterMs: 300 }, { outcome: "success" }] } as const;
  const world = new RunWorld({
    pipeline: `digraph { start -> work -> exit; work [type=work, max_retries=1]; exit [shape=Msquare] }`,
    ...scriptedHandlers(script, { types: ["work"] }),
  });
  const { clock } = world.scheduler;
  await world.do(async () => {
    // The first commits are quick; that of the pause takes a second.
    await world.boot(slowCommits(clock, (n) => (n <= 2 ? 0 : 1_000)));
    await world.when(() => world.turns === 2);
    await clock.sleep(100);
    const run = await world.run();
    await run.pause();
    expect(world.status).toBe("paused");
    await clock.sleep(HOUR_MS);
    expect(world.turns).toBe(3);
    await run.continue();
    await world.when(() => world.isFinished);
  });
  expect(await world.problems()).toEqual([]);
  const entries = await world.store.read("journal", { runId: "run" });
  const at = (type: string) => entries.find((entry) => entry.type === type)?.at ?? 0;
  expect(at("timer.fired") - at("run.continued")).toBeGreaterThanOrEqual(200);
});

it("a default choice that falls due while the pause is being stored is not made before the run goes on", async () => {
  const world = new RunWorld({
    pipeline: `digraph {
      start -> ask; exit [shape=Msquare]
      ask [shape=hexagon, label="go on?", human.timeout="300ms", human.default_choice="Y"]
      ask -> exit [label="[Y] yes"]
    }`,
  });
  const { clock } = world.scheduler;
  await world.do(async () => {
    await world.boot(slowCommits(clock, (n) => (n <= 1 ? 0 : 1_000)));
    await clock.sleep(100);
    const run = await world.run();
    await run.pause();
    await clock.sleep(HOUR_MS);
    expect((await run.questions()).map(({ gate }) => gate)).toEqual(["main/ask@1"]);
    await run.continue();
    await world.when(() => world.isFinished);
  });
  expect(await world.problems()).toEqual([]);
  expect(world.status).toBe("completed");
});

it("the deadline of a pause that was taken back does not interrupt the pause after it", async () => {
  const script = { work: { durationMs: 20_000 } } as const;
  const world = new RunWorld({
    pipeline: `digraph { start -> work -> exit; work [type=work]; exit [shape=Msquare] }`,
    ...scriptedHandlers(script, { types: ["work"] }),
  });
  const { clock } = world.scheduler;
  await world.do(async () => {
    await world.boot(slowCommits(clock, (n) => (n <= 1 ? 0 : 1_000)));
    const run = await world.run();
    await run.pause({ deadlineMs: 1_500 });
    const withdrawn = run.continue();
    const again = run.pause({ deadlineMs: 60_000 });
    await clock.sleep(1_200);
    expect((await withdrawn).accepted).toBe(true);
    expect((await again).accepted).toBe(true);
    await world.when(() => world.status === "paused");
    await run.continue();
    await world.when(() => world.isFinished);
  });
  expect(world.handlers.calls.map(({ abort }) => abort)).toEqual([undefined]);
  expect(await world.problems()).toEqual([]);
});
