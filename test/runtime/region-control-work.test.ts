/** Work in branches that is more than a call: processes that are ended, machines that are suspended. */
import { describe, expect, it } from "vitest";
import { setup } from "xstate";
import { systemClock } from "../../src/actors/clock.ts";
import { groupMembers } from "../../src/actors/processes/process-table.ts";
import type { Runtime } from "../../src/index.ts";
import { entryOf, openRuntime, pipeline, storyOf } from "./fixtures.ts";
import { between, Play, RUN_ID } from "./region-control-world.ts";

const TOOLS = pipeline(`fan [type=parallel]; start -> fan; fan -> a -> meet; fan -> b -> meet; meet -> exit;
  a [type=tool, tool_command="COMMAND"]; b [type=tool, tool_command="COMMAND"]`);
const [A, B] = ["main/fan@1/0", "main/fan@1/1"] as const;

/** Group leaders of the executions that go on, by branch. */
async function groupsOf(runtime: Runtime): Promise<Readonly<Record<string, number>>> {
  for (;;) {
    const rows = await runtime.store.read("processes", { runId: RUN_ID });
    const open = rows.filter(({ pid }) => groupMembers(pid).length > 0);
    if (open.length >= 2) {
      return Object.fromEntries(open.map(({ execution, pid }) => [execution.slice(0, A.length), pid]));
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function startTools(command: string) {
  const runtime = await openRuntime({ clock: systemClock, handlers: { step: () => {} } });
  const run = await runtime.start(TOOLS.replaceAll("COMMAND", command), { runId: RUN_ID });
  const groups = await groupsOf(runtime);
  return { runtime, run, groups };
}

const alive = (groups: Readonly<Record<string, number>>) => Object.values(groups).flatMap((pid) => groupMembers(pid));

describe("tools in branches", () => {
  it("are ended by an interrupt, children and all, and run again from their beginning", async () => {
    const { runtime, run, groups } = await startTools("sleep 300 & sleep 300");
    await run.pause({ mode: "interrupt" });
    await run.settled("paused");
    expect(alive(groups)).toEqual([]);
    await run.continue();
    const again = await groupsOf(runtime);
    expect(Object.keys(again)).toEqual([A, B]);
    // Whichever process is gone first.
    expect((await storyOf(runtime, RUN_ID, ["stage.interrupted"])).sort()).toEqual([
      `stage.interrupted ${A}/a@1#1.1`,
      `stage.interrupted ${B}/b@1#1.1`,
    ]);
    await run.cancel();
    await run.finished();
    expect(alive(again)).toEqual([]);
  });

  it("are ended with their branch alone", async () => {
    const { runtime, run, groups } = await startTools("sleep 300 & sleep 300");
    await run.cancel({ branch: A });
    await entryOf(run, "branch.cancelled");
    expect(groupMembers(groups[A] ?? 0)).toEqual([]);
    expect(groupMembers(groups[B] ?? 0)).not.toEqual([]);
    await run.cancel({ branch: "main/fan@1" });
    expect((await run.finished()).status).toBe("failed");
    expect(alive(groups)).toEqual([]);
    expect((await runtime.verify(RUN_ID)).problems).toEqual([]);
  });

  it("that do not heed the signal are killed after the grace", async () => {
    const { run, groups } = await startTools("trap '' TERM; sleep 300 & sleep 300; sleep 300");
    await run.cancel({ graceMs: 100 });
    const view = await run.finished();
    expect(view).toMatchObject({ status: "cancelled", control: { abandoned: [] } });
    expect(alive(groups)).toEqual([]);
  });
});

describe("machines in branches", () => {
  const HOUR = 3_600_000;
  const waiting = (hours: number) =>
    setup({}).createMachine({
      initial: "waiting",
      states: { waiting: { after: { [hours * HOUR]: "done" } }, done: { type: "final" } },
      output: { status: "success", contextUpdates: { [`waited ${hours}`]: true } },
    });
  const SOURCE = between(`fan [shape=component]
    a [type=one]
    b [type=two]
    start -> fan
    fan -> a -> exit
    fan -> b -> exit`);

  it("are suspended by a pause, wherever they are, and go on from there in another process", async () => {
    const handlers = { one: waiting(1), two: waiting(2) };
    const play = await Play.of(SOURCE, { handlers });
    await play.clock.advance(HOUR / 2);
    expect((await play.run.pause()).draining).toHaveLength(2);
    await play.clock.advance(1_000);
    expect(await play.status()).toBe("paused");
    expect((await play.control()).held.map(({ stage }) => stage)).toEqual([`${A}/a@1`, `${B}/b@1`]);
    await play.stop();
    const next = await play.process({ handlers });
    play.run = await next.resume(RUN_ID);
    await play.clock.advance(10 * HOUR);
    expect(await play.status()).toBe("paused");
    await play.run.continue();
    await play.clock.advance(HOUR / 2 - 1_000);
    const journal = () => storyOf(next, RUN_ID, ["stage.succeeded"]);
    expect(await journal()).not.toContain(`stage.succeeded ${A}/a@1#1.2`);
    await play.clock.advance(2_000);
    expect(await journal()).toContain(`stage.succeeded ${A}/a@1#1.2`);
    expect(await journal()).not.toContain(`stage.succeeded ${B}/b@1#1.2`);
    await play.clock.advance(HOUR);
    expect(await play.status()).toBe("completed");
    expect(await play.run.context()).toMatchObject({
      "parallel.fan.0.waited 1": true,
      "parallel.fan.1.waited 2": true,
    });
  });
});
