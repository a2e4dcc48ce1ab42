import { expect, it } from "vitest";
import { seededRandom, virtualClock } from "../../src/testing/index.ts";

it("stands still until it is moved, and fires what falls due in due order", async () => {
  const clock = virtualClock({ startMs: 1_000 });
  const fired: string[] = [];
  clock.setTimer(() => fired.push(`b at ${clock.now()}`), 20);
  clock.setTimer(() => fired.push(`a at ${clock.now()}`), 10);
  clock.setTimer(() => fired.push(`late at ${clock.now()}`), 31);
  expect(clock.pending()).toEqual([1_010, 1_020, 1_031]);
  await clock.advance(30);
  expect(fired).toEqual(["a at 1010", "b at 1020"]);
  expect(clock.now()).toBe(1_030);
  await clock.advanceTo(1_031);
  expect(fired.at(-1)).toBe("late at 1031");
  await clock.advanceTo(5);
  expect(clock.now()).toBe(1_031);
});

it("fires timers that are set while time passes, each at its own instant", async () => {
  const clock = virtualClock({ startMs: 0 });
  const seen: number[] = [];
  const work = async () => {
    for (let round = 0; round < 3; round += 1) {
      await clock.sleep(100);
      seen.push(clock.now());
    }
  };
  void work();
  await clock.advance(1_000);
  expect(seen).toEqual([100, 200, 300]);
  expect(clock.now()).toBe(1_000);
});

it("does not fire what was cleared", async () => {
  const clock = virtualClock();
  const fired: string[] = [];
  const first = clock.setTimer(() => {
    fired.push("first");
    clock.clearTimer(second);
  }, 10);
  const second = clock.setTimer(() => fired.push("second"), 10);
  await clock.runUntilIdle();
  clock.clearTimer(first);
  expect(fired).toEqual(["first"]);
  expect(clock.pending()).toEqual([]);
});

it("runs until what is waited for has come about, and says so when it never will", async () => {
  const clock = virtualClock({ startMs: 0 });
  await expect(clock.runUntil(clock.sleep(50).then(() => "there"))).resolves.toBe("there");
  expect(clock.now()).toBe(50);
  await expect(clock.runUntil(clock.sleep(1).then(() => Promise.reject(new Error("no"))))).rejects.toThrow("no");
  await expect(clock.runUntil(new Promise(() => {}))).rejects.toThrow("no timer is left");
});

it("stops being idle where it is told to", async () => {
  const clock = virtualClock({ startMs: 0 });
  let beats = 0;
  const beat = () => {
    beats += 1;
    clock.setTimer(beat, 1_000);
  };
  beat();
  await clock.runUntilIdle(10_000);
  expect(beats).toBe(11);
});

it("lets a seed choose among timers that are due at one instant", async () => {
  const orderOf = async (seed: number): Promise<string> => {
    const random = seededRandom(seed);
    const clock = virtualClock({ pick: random.integer });
    let order = "";
    for (const name of "abcdef") {
      clock.setTimer(() => {
        order += name;
      }, 5);
    }
    await clock.runUntilIdle();
    return order;
  };
  const orders = new Set<string>();
  for (let seed = 0; seed < 20; seed += 1) {
    const order = await orderOf(seed);
    expect([...order].sort().join("")).toBe("abcdef");
    expect(await orderOf(seed)).toBe(order);
    orders.add(order);
  }
  expect(orders.size).toBeGreaterThan(10);
});
