/** The store alone: typical turns without charts and handlers. */
import type { Synchronous } from "../engine.ts";
import type { Measurement } from "../measurement.ts";
import type { Part, Scenario } from "../scenario.ts";
import { benchStore } from "../store.ts";

const NAMES: Readonly<Record<string, string>> = {
  raw: "raw commits of a turn's bytes",
  single: "turns, one a commit",
  grouped1: "turns of one run through the group commit",
  batched200: "turns of many runs, one transaction a round",
  grouped200: "turns of many runs through the group commit",
  memory200: "turns of many runs, database in memory",
};

function turns(synchronous: Synchronous): Part {
  return async ({ sizes }) => {
    const rates = await benchStore(synchronous, { turns: sizes.storeTurns, runs: sizes.runs });
    return Object.entries(rates).map(
      ([name, { perSecond }]): Measurement => ({ what: NAMES[name] ?? name, value: perSecond, unit: "/s" }),
    );
  };
}

export const store: Scenario = {
  about: "turns a second of the SQLite store alone",
  parts: { FULL: turns("FULL"), NORMAL: turns("NORMAL") },
};
