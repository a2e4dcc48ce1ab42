/** Child runs: real runs of their own, started by a node, followed by control, told of by their news. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { entryOf, gate, openRuntime, perNode, pipeline } from "./fixtures.ts";

/** A folder with pipelines in it, each between start and exit. */
async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "safepoint-children-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return folder;
}

const PARENT = pipeline(`sub [type=pipeline, child="child.dot"]
  start -> sub -> after -> exit`);
const CHILD = pipeline("start -> work -> exit");

it("a child run is started, and its end is its stage's", async () => {
  const baseDir = await folderWith({ "child.dot": CHILD });
  const runtime = await openRuntime({ handlers: { step: () => ({ status: "success" }) } });
  const run = await runtime.start(PARENT, { runId: "p", baseDir });
  const view = await run.finished();
  expect(view.status).toBe("completed");
  expect(view.lineage.children).toMatchObject([{ runId: "p~sub@1.0", stage: "main/sub@1" }]);
  const child = await (await runtime.get("p~sub@1.0")).view();
  expect(child).toMatchObject({ status: "completed", lineage: { parentRun: "p" } });
  for (const runId of ["p", "p~sub@1.0"]) expect(await runtime.verify(runId)).toMatchObject({ problems: [] });
});
