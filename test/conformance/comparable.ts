/** What is said, without what differs from one time to the next: instants, ids that were made up, and places of files. */
import { expect } from "vitest";
import type { Said } from "./door.ts";

const INSTANT = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g;
/** Epoch ms of our days, as the library tells instants. */
const EPOCH_MS_LEAST = 1_000_000_000_000;
/** What the run's own clock says, and how far it is behind. */
const RUN_TIMES: ReadonlySet<string> = new Set(["dueMs", "runTimeMs", "pausedMs", "deadlineMs", "deadlineLeftMs"]);
/** Of an owner: which process it is. */
const OF_A_PROCESS: ReadonlySet<string> = new Set(["pid", "processStart"]);
/** Ids that scenarios give; others were made up. */
const GIVEN = /^cmd-/;

/** `dir` is where the scenario's files are. */
export function comparable({ code, value }: Said, dir: string): Said {
  // What is wrong with a request is said in the words of the door that it came to.
  if (code === "usage") return { code, value: {} };
  return { code, value: plain(JSON.parse(JSON.stringify(unrounded(value))), dir) as Said["value"] };
}

/** A view of the past says which seq was used, the library by the view's own seq alone. */
function unrounded(value: Said["value"]): Said["value"] {
  const { at, ...rest } = value;
  if (typeof at !== "object") return value;
  expect(at).toMatchObject({ used: value["seq"] });
  return rest;
}

function plain(value: unknown, dir: string): unknown {
  if (Array.isArray(value)) return value.map((each) => plain(each, dir));
  if (typeof value === "object" && value !== null) return Object.fromEntries(fieldsOf(value, dir));
  if (typeof value === "number") return value >= EPOCH_MS_LEAST ? "an instant" : value;
  if (typeof value !== "string") return value;
  return value.replaceAll(INSTANT, "an instant").replaceAll(dir, "<dir>");
}

function fieldsOf(value: object, dir: string): [string, unknown][] {
  return Object.entries(value).flatMap(([name, each]): [string, unknown][] => {
    if (name === "commandId" && !GIVEN.test(String(each))) return [[name, "an id"]];
    if (OF_A_PROCESS.has(name) || RUN_TIMES.has(name)) return [[name, typeof each]];
    return [[name, plain(each, dir)]];
  });
}
