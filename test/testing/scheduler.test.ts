import { expect, it } from "vitest";
import { memoryStore } from "../../src/persistence/memory/index.ts";
import { createScheduler, scheduledStore } from "../../src/testing/index.ts";

/** The order in which some tasks and timers get their turns. */
async function orderOf(seed?: number): Promise<string> {
  const scheduler = createScheduler(seed === undefined ? {} : { seed });
  let order = "";
  const task = async (name: string) => {
    for (let round = 0; round < 3; round += 1) {
      await scheduler.turn(name);
      order += name;
    }
  };
  scheduler.clock.setTimer(() => {
    order += "t";
  }, 10);
  await scheduler.run(Promise.all([task("a"), task("b"), task("c"), scheduler.clock.sleep(20)]));
  return order;
}

it("without a seed everything has its turn as it comes, and time passes when nothing else can happen", async () => {
  expect(await orderOf()).toBe("abcabcabct");
});

it("with a seed the order is that of the seed, and time may pass at any moment", async () => {
  const orders = new Set<string>();
  for (let seed = 0; seed < 20; seed += 1) {
    const order = await orderOf(seed);
    expect(await orderOf(seed)).toBe(order);
    orders.add(order);
  }
  expect(orders.size).toBeGreaterThan(15);
  expect([...orders].some((order) => !order.endsWith("t"))).toBe(true);
});

it("a turn that waits for a step comes no sooner, unless nothing else happens at all", async () => {
  const scheduler = createScheduler({ seed: 1 });
  let waited = 0;
  const late = scheduler.turn("late", { afterStep: 5 }).then(() => {
    waited = scheduler.steps;
  });
  for (let round = 0; round < 5; round += 1) void scheduler.turn(`round ${round}`);
  await scheduler.run(late);
  expect(waited).toBeGreaterThanOrEqual(6);
  await scheduler.run(scheduler.turn("alone", { afterStep: 1_000 }));
  expect(scheduler.steps).toBe(7);
});

it("says what happened last when nothing is left to happen", async () => {
  const scheduler = createScheduler();
  void scheduler.turn("the last thing");
  await expect(scheduler.run(new Promise(() => {}))).rejects.toThrow(/nothing is left.*the last thing/);
});

it("gives up a program that goes in circles", async () => {
  const scheduler = createScheduler({ stepsMax: 50 });
  const beat = () => void scheduler.clock.setTimer(beat, 10);
  beat();
  await expect(scheduler.run(new Promise(() => {}))).rejects.toThrow(/too many things happened/);
});

it("answers with what was waited for, failures included", async () => {
  const scheduler = createScheduler();
  await expect(scheduler.run(scheduler.turn("one").then(() => 1))).resolves.toBe(1);
  const refused = scheduler.turn("two").then(() => Promise.reject(new Error("refused")));
  await expect(scheduler.run(refused)).rejects.toThrow("refused");
});

it("time waits for work that no clock decides, as long as one is patient", async () => {
  let isBusy = true;
  const scheduler = createScheduler({ isBusy: () => isBusy, patienceMs: 5_000 });
  let order = "";
  setTimeout(() => {
    isBusy = false;
    order += "work ";
  }, 20);
  scheduler.clock.setTimer(() => {
    order += "time";
  }, 1);
  await scheduler.run(scheduler.clock.sleep(2));
  expect(order).toBe("work time");
  const impatient = createScheduler({ isBusy: () => true, patienceMs: 0 });
  await impatient.run(impatient.clock.sleep(2));
  expect(impatient.steps).toBe(1);
});

it("the writes of a scheduled store wait for their turn, its reads do not", async () => {
  const inner = memoryStore();
  const scheduler = createScheduler();
  const store = scheduledStore(inner, scheduler);
  expect(await store.read("runs", {})).toEqual([]);
  const submitted = store.submit({ runId: "none", commandId: "c", verb: "pause", body: {}, actor: "a", atMs: 0 });
  submitted.catch(() => {});
  expect(scheduler.steps).toBe(0);
  await expect(scheduler.run(submitted)).rejects.toMatchObject({ code: "run_not_found" });
  expect(scheduler.steps).toBe(1);
});
