/** One run that goes through a long list: the last items cost what the first ones did, in time, bytes and memory. */
import { foreach as foreachPipeline, ITEMS_KEY } from "../pipelines.ts";
import type { Launch, Part, Scenario } from "../scenario.ts";
import type { Sizes } from "../sizes.ts";
import { regionPart } from "./regions.ts";

const PEAK_MB_MAX = 200;

function items(count: "items" | "manyItems", atOnce: number): Part {
  const isLong = count === "manyItems";
  return regionPart({
    synchronous: "FULL",
    rounds: isLong ? 0 : 0.6,
    ...(isLong ? { peakMegabytes: { atMost: PEAK_MB_MAX } } : {}),
    region: (sizes: Sizes) => ({
      pipeline: foreachPipeline(atOnce),
      stages: sizes[count],
      atOnce,
      context: { [ITEMS_KEY]: Array.from({ length: sizes[count] }, (_, index) => `item ${index}`) },
    }),
  });
}

/**
 * Node lets garbage lie, and the C library keeps what was freed, as long as they think that the machine has memory to
 * spare. So started they do not, and what a run holds is what is measured.
 */
const SMALL: Launch = {
  nodeFlags: ["--max-semi-space-size=4", "--max-old-space-size=96"],
  env: { MALLOC_ARENA_MAX: "1" },
};

export const foreach: Scenario = {
  about: "items a second of one run, early and late, and what it holds",
  parts: {
    "10,000 items, one at a time, FULL": items("items", 1),
    "10,000 items, ten at a time, FULL": items("items", 10),
    "100,000 items, one at a time, FULL, small heap": items("manyItems", 1),
    "100,000 items, ten at a time, FULL, small heap": items("manyItems", 10),
  },
  launch: {
    "100,000 items, one at a time, FULL, small heap": SMALL,
    "100,000 items, ten at a time, FULL, small heap": SMALL,
  },
};
