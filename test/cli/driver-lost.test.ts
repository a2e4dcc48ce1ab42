import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { sqliteStore } from "../../src/persistence/sqlite/index.ts";
import { run, tempDir } from "./fake-io.ts";

const SLOW = `digraph slow {
  start [shape=Mdiamond]
  a [shape=parallelogram, tool_command="touch began; while [ -e slow.dot ] && [ ! -e go ]; do sleep 0.02; done"]
  exit [shape=Msquare]
  start -> a -> exit
}
`;

/** Takes the run away from its driver as one who found the lease expired would, and is gone. */
async function takeAway(path: string, runId: string): Promise<void> {
  const store = sqliteStore({ path });
  onTestFinished(() => store.close());
  const owner = { host: "elsewhere", bootId: "b", pid: 1, processStart: "1" };
  const claim = await store.claim({ runId, owner, nowMs: Date.now() + 600_000, leaseMs: 1 });
  if (!claim.ok) throw new Error("the lease was refused");
  await store.renew([{ runId, token: claim.token }], 1);
}

it("run leaves with 75 when it has lost the run and nobody else drives it, and says how to go on", async () => {
  const cwd = tempDir({ "slow.dot": SLOW });
  const running = run("run slow.dot --run-id r1 --json --auto-approve", { cwd });
  await expect.poll(() => existsSync(join(cwd, "began")), { timeout: 10_000 }).toBe(true);
  await takeAway(join(cwd, ".safepoint/safepoint.db"), "r1");
  const { code, stdout, stderr } = await running;
  expect({ code, stdout }).toEqual({ code: 75, stdout: "" });
  const { error } = JSON.parse(stderr.trimEnd().split("\n").at(-1) ?? "");
  expect(error).toMatchObject({ code: "lease_lost", details: { runId: "r1" } });
  expect(error.details.hint).toContain("safepoint resume r1 --auto-approve");

  writeFileSync(join(cwd, "go"), "");
  expect((await run("resume r1 --quiet", { cwd })).code).toBe(0);
});
