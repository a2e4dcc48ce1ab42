import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { isReadOnlyFor } from "../../src/cli/open-store.ts";
import { tempDir } from "./fake-io.ts";

/** Answers for one store, where some paths may not be written. */
function readOnly(given: { readonly file: boolean; readonly folder: boolean; readonly log?: boolean }) {
  const location = join(tempDir({ "runs.db": "x" }), "runs.db");
  if (given.log) writeFileSync(`${location}-wal`, "");
  const writable = new Map([
    [location, given.file],
    [dirname(location), given.folder],
  ]);
  return isReadOnlyFor(location, async (path) => writable.get(path) ?? true);
}

describe("a store that may not be written is opened for reading", () => {
  it("where its file is protected", async () => {
    expect(await readOnly({ file: false, folder: true })).toBe(true);
    expect(await readOnly({ file: false, folder: true, log: true })).toBe(true);
  });

  it("where its directory is, unless a log is there already", async () => {
    expect(await readOnly({ file: true, folder: false })).toBe(true);
    expect(await readOnly({ file: true, folder: false, log: true })).toBe(false);
  });

  it("not where both may be written, nor where there is none", async () => {
    expect(await readOnly({ file: true, folder: true })).toBe(false);
    expect(await isReadOnlyFor(join(tempDir({}), "runs.db"), async () => false)).toBe(false);
  });
});
