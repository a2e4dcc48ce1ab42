/** One run with many branches in flight: their ends share commits, and the last ones cost what the first ones did. */
import type { Synchronous } from "../engine.ts";
import { fan } from "../pipelines.ts";
import type { Part, Scenario } from "../scenario.ts";
import { regionPart } from "./regions.ts";

const PER_SECOND_MIN = 6000;

function chains(synchronous: Synchronous): Part {
  return regionPart({
    synchronous,
    rounds: 4,
    ...(synchronous === "FULL" ? { perSecond: { atLeast: PER_SECOND_MIN } } : {}),
    region: ({ branches, stagesPerBranch: stages }) => ({
      pipeline: fan({ branches, stages, atOnce: branches }),
      stages: branches * stages,
      atOnce: branches,
    }),
  });
}

function singles(synchronous: Synchronous, atOnceMax = Number.POSITIVE_INFINITY): Part {
  return regionPart({
    synchronous,
    rounds: 4,
    region: ({ manyBranches: branches }) => {
      const atOnce = Math.min(branches, atOnceMax);
      return { pipeline: fan({ branches, stages: 1, atOnce }), stages: branches, atOnce };
    },
  });
}

export const parallel: Scenario = {
  about: "stages a second of one run with many branches",
  parts: {
    "100 branches of 10 stages, FULL": chains("FULL"),
    "1,000 branches of 1 stage, FULL": singles("FULL"),
    "1,000 branches of 1 stage, ten at a time, FULL": singles("FULL", 10),
    "100 branches of 10 stages, NORMAL": chains("NORMAL"),
    "1,000 branches of 1 stage, NORMAL": singles("NORMAL"),
  },
};
