import { describe, expect, it } from "vitest";
import { isSafepointError, type SafepointError } from "../../src/errors.ts";
import { CATALOGUE, type EntryType } from "../../src/journal/catalogue.ts";
import type { NewEntry } from "../../src/journal/entry.ts";
import { checkNewEntry, parseEntry } from "../../src/journal/parse-entry.ts";

const stage = "main/write@1";
const good = {
  runId: "r1",
  seq: 7,
  gseq: 70,
  turn: 8,
  at: 1_000,
  v: 1,
  type: "stage.succeeded",
  branch: "main",
  stage,
  attempt: 1,
  execution: `${stage}#1.1`,
  data: { outcome: { status: "success", contextUpdates: { a: { deep: [1, null, "x"] } } } },
  cause: { commandId: "c1", actor: "ann" },
};

function refusal(run: () => unknown): SafepointError {
  try {
    run();
  } catch (error) {
    if (isSafepointError(error)) return error;
    throw error;
  }
  throw new Error("expected a refusal");
}

describe("parseEntry", () => {
  it("answers with the entry it was given", () => {
    expect(parseEntry(good)).toBe(good);
  });

  it.each<[string, unknown, RegExp]>([
    ["no object", 3, /expected an object, found 3/],
    ["null", null, /expected an object, found null/],
    ["an unknown type", { ...good, type: "stage.exploded" }, /expected a known type, found "stage\.exploded"/],
    ["a type that objects have", { ...good, type: "constructor" }, /expected a known type/],
    ["a later version", { ...good, v: 2 }, /expected version 1 of stage\.succeeded, found 2/],
    ["no version", { ...good, v: undefined }, /expected version 1 of stage\.succeeded, found nothing/],
    ["data of the wrong type", { ...good, data: { outcome: { status: 5 } } }, /data\.outcome\.status: .*found 5/],
    ["data with a key too many", { ...good, data: { ...good.data, extra: 1 } }, /data: .*extra/],
    ["data that is missing", { ...good, data: undefined }, /data: .*found nothing/],
    ["a column too many", { ...good, colour: "red" }, /colour/],
    ["a column that is null", { ...good, branch: null }, /branch: .*found null/],
    ["seq 0", { ...good, seq: 0 }, /seq/],
    ["a fractional seq", { ...good, seq: 1.5 }, /seq/],
    ["a turn before the entry", { ...good, turn: 6 }, /turn that ends at seq 7 or later, found 6/],
    ["a cause without an actor", { ...good, cause: { commandId: "c" } }, /cause\.actor/],
    [
      "a value that is not JSON",
      { ...good, data: { outcome: { status: "x", contextUpdates: { d: new Date(0) } } } },
      /data\.outcome\.contextUpdates\.d: expected JSON/,
    ],
  ])("refuses %s", (_, raw, message) => {
    const error = refusal(() => parseEntry(raw));
    expect(error.code).toBe("journal_entry_invalid");
    expect(error.message).toMatch(message);
  });

  it("names run and seq, for people and for programs", () => {
    const error = refusal(() => parseEntry({ ...good, v: 9 }));
    expect(error.message).toContain("run r1, seq 7, stage.succeeded");
    expect(error.details).toMatchObject({ runId: "r1", seq: 7, type: "stage.succeeded" });
  });

  it("refuses nesting that no stack holds, instead of falling over", () => {
    let deep: unknown = 1;
    for (let level = 0; level < 200_000; level += 1) deep = [deep];
    const error = refusal(() => parseEntry({ ...good, data: { outcome: { status: "x", contextUpdates: { deep } } } }));
    expect(error.code).toBe("journal_entry_invalid");
    expect(error.message).toMatch(/nesting/);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, undefined, () => 1, 1n, new Map(), [undefined]])(
    "takes no %s for JSON",
    (value) => {
      const data = { outcome: { status: "x", contextUpdates: { value } } };
      expect(refusal(() => parseEntry({ ...good, data })).code).toBe("journal_entry_invalid");
    },
  );

  it("takes keys that mean something to JavaScript", () => {
    const data: unknown = JSON.parse('{"outcome":{"status":"x","contextUpdates":{"__proto__":1,"constructor":2}}}');
    expect(parseEntry({ ...good, data })).toMatchObject({ data: {} });
  });
});

describe("checkNewEntry", () => {
  const { runId: _r, seq: _s, gseq: _g, turn: _t, at: _a, v: _v, ...fresh } = good;

  it("takes an entry the store has not numbered", () => {
    expect(() => checkNewEntry(fresh as NewEntry)).not.toThrow();
  });

  it("refuses what parseEntry would refuse, and says of which run", () => {
    const bad = { ...fresh, data: { outcome: {} } } as unknown as NewEntry;
    const error = refusal(() => checkNewEntry(bad, { runId: "r9", seq: 3 }));
    expect(error.message).toMatch(/run r9, seq 3, stage\.succeeded: data\.outcome\.status/);
    expect(refusal(() => checkNewEntry({ ...fresh, type: "x" } as unknown as NewEntry)).message).toMatch(/known type/);
    expect(refusal(() => checkNewEntry({ ...fresh, seq: 3 } as unknown as NewEntry)).message).toMatch(/seq/);
  });
});

describe("the catalogue", () => {
  it("names its types dotted and in the past tense the design lists", () => {
    const types = Object.keys(CATALOGUE) as EntryType[];
    expect(types).toHaveLength(57);
    for (const type of types) expect(type).toMatch(/^[a-z_]+\.[a-z_]+$/);
  });
});
