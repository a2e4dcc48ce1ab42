import { expect, it } from "vitest";
import { seededRandom } from "../../src/testing/index.ts";

it("gives the same numbers and ids for the same seed, and others for another", () => {
  const drawn = (seed: number) => {
    const random = seededRandom(seed);
    return [random.fraction(), random.integer(1_000), random.id(), random.pick(["a", "b", "c"]), random.id()];
  };
  expect(drawn(7)).toEqual(drawn(7));
  expect(drawn(7)).not.toEqual(drawn(8));
});

it("makes ids that are unique and sortable by the order they were made in", () => {
  const random = seededRandom(1);
  const ids = Array.from({ length: 1_000 }, () => random.id());
  expect(new Set(ids).size).toBe(1_000);
  expect(ids.toSorted()).toEqual(ids);
});

it("stays within its bounds and reaches them", () => {
  const random = seededRandom(3);
  const drawn = Array.from({ length: 2_000 }, () => random.between(2, 5));
  expect([...new Set(drawn)].sort()).toEqual([2, 3, 4, 5]);
  const share = Array.from({ length: 2_000 }, () => random.chance(0.25)).filter(Boolean).length / 2_000;
  expect(share).toBeGreaterThan(0.2);
  expect(share).toBeLessThan(0.3);
});

it("forks without taking anything from the source it is forked from", () => {
  const [alone, forked] = [seededRandom(5), seededRandom(5)];
  const other = forked.fork("other");
  other.fraction();
  expect(forked.fraction()).toBe(alone.fraction());
  expect(seededRandom(5).fork("other").fraction()).toBe(seededRandom(5).fork("other").fraction());
  expect(seededRandom(5).fork("one").fraction()).not.toBe(seededRandom(5).fork("other").fraction());
});
