/** A branch of a run that is driven elsewhere, cancelled from the command line. */
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { sqliteStore } from "../../src/persistence/sqlite/index.ts";
import { entryOf, gate, openRuntime, perNode, pipeline, untilAborted } from "../runtime/fixtures.ts";
import { run, tempDir } from "./fake-io.ts";

const FAN = pipeline(`
  fan [type=parallel, join_policy=wait_all]; j
  start -> fan; fan -> a; fan -> b; a -> j; b -> j; j -> exit`);

let cwd: string;
beforeEach(() => {
  cwd = tempDir();
});

/** A run whose branch 0 goes on until it is cut, and branch 1 until it is let go. */
async function driven() {
  const go = gate();
  const store = sqliteStore(join(cwd, ".safepoint/safepoint.db"));
  const steps = { a: ({ signal }: { signal: AbortSignal }) => untilAborted(signal), b: () => go.promise };
  const runtime = await openRuntime({ store, handlers: { step: perNode(steps) } });
  const driving = await runtime.start(FAN, { runId: "r1" });
  await entryOf(driving, "stage.started", "main/fan@1/1/b@1");
  return { driving, go };
}

describe("cancel --branch", () => {
  it("--wait waits for the branch, while the run goes on", async () => {
    const { driving, go } = await driven();
    const cancelled = await run("cancel r1 --branch main/fan@1/0 --reason enough --wait", { cwd });
    expect(cancelled).toMatchObject({ code: 0, stderr: "" });
    expect(cancelled.stdout).toBe("cancel accepted: running\nmain/fan@1/0 has ended, run running\n");
    const rows = JSON.parse((await run("branches r1 --json", { cwd })).stdout).branches;
    expect(rows).toMatchObject([
      { path: "main", status: "running" },
      { path: "main/fan@1/0", status: "cancelled" },
      { path: "main/fan@1/1", status: "running" },
    ]);
    go.resolve();
    expect((await driving.finished()).status).toBe("completed");
  });

  it("says what to do instead where it is refused", async () => {
    const { driving, go } = await driven();
    const refusals = {
      main: ["use_run_cancel", "cancel r1"],
      "main/fan@1/7": ["branch_not_found", "branches r1"],
    };
    for (const [path, [code, instead]] of Object.entries(refusals)) {
      const { stdout, code: exit } = await run(`cancel r1 --branch ${path}`, { cwd });
      expect(stdout).toContain(`cancel refused: ${code}`);
      expect(stdout).toContain(`instead: \`safepoint ${instead}\``);
      expect(exit).toBe(code === "branch_not_found" ? 66 : 5);
    }
    await run("cancel r1 --branch main/fan@1/0 --wait", { cwd });
    const again = await run("cancel r1 --branch main/fan@1/0 --json", { cwd });
    expect(again.code).toBe(5);
    expect(JSON.parse(again.stdout)).toMatchObject({ accepted: false, code: "branch_finished" });
    go.resolve();
    await driving.finished();
  });
});
