/** A write that waits a store's trouble out says so once, and says when it is over. */
import { describe, expect, it } from "vitest";
import { patientWrites, storeRetryMs } from "../../src/actors/patient-writes.ts";
import { SafepointError } from "../../src/errors.ts";
import { virtualClock } from "../../src/testing/virtual-clock.ts";

type Said = readonly [level: "warn" | "info", message: string, fields: unknown];

function troubled(failures: readonly unknown[], isOver = () => false) {
  const left = [...failures];
  const said: Said[] = [];
  const clock = virtualClock();
  const log = {
    warn: (message: string, fields?: unknown) => void said.push(["warn", message, fields]),
    info: (message: string, fields?: unknown) => void said.push(["info", message, fields]),
  };
  const work = async () => {
    if (left.length > 0) throw left.shift();
    return "hash";
  };
  const store = { putBlob: work, writeSide: async () => void (await work()) };
  return { clock, said, writes: patientWrites(store, { clock, isOver, log }) };
}

const full = () => new SafepointError("store_full", "no room");

describe("a patient write", () => {
  it("warns at its first failure, and is silent until it goes on", async () => {
    const { clock, said, writes } = troubled([full(), full(), full()]);
    const written = writes.putBlob(new Uint8Array());
    await clock.advance(0);
    expect(said).toEqual([["warn", "a write waits for the store", { code: "store_full", message: "no room" }]]);
    expect(await clock.runUntil(written)).toBe("hash");
    const waitedMs = storeRetryMs(1) + storeRetryMs(2) + storeRetryMs(3);
    expect(said.slice(1)).toEqual([["info", "a write goes on", { failures: 3, waitedMs }]]);
  });

  it("says nothing where nothing is wrong", async () => {
    const { said, writes } = troubled([]);
    await writes.putBlob(new Uint8Array());
    expect(said).toEqual([]);
  });

  it("does not wait, and does not say that it would, for what never passes", async () => {
    const { said, writes } = troubled([new SafepointError("lease_lost", "taken")]);
    await expect(writes.putBlob(new Uint8Array())).rejects.toMatchObject({ code: "lease_lost" });
    expect(said).toEqual([]);
  });

  it("gives up once nothing of the run counts here any more", async () => {
    let isOver = false;
    const { clock, said, writes } = troubled([full(), full()], () => isOver);
    const written = writes.putBlob(new Uint8Array()).catch((failure: unknown) => failure);
    await clock.advance(0);
    isOver = true;
    expect(await clock.runUntil(written)).toMatchObject({ code: "store_full" });
    expect(said.map(([level]) => level)).toEqual(["warn"]);
  });
});
