/** The demo: a real release check, killed in the middle and resumed. Its own proofs hold, and can fail. */
import { beforeAll, describe, expect, it } from "vitest";
import { type Evidence, proofsOf } from "../../examples/demo/proofs.ts";
import type { JournalEntry, RunView } from "../../src/index.ts";
import { runWell } from "../package/commands.ts";
import { ROOT } from "../tidy/sources.ts";
import { freshDist } from "./fresh-dist.ts";
import { sessionsOf } from "./readme.ts";

beforeAll(freshDist, 60_000);

interface Demo {
  readonly ok: boolean;
  readonly killed: { readonly stage: string };
  readonly proofs: readonly { readonly claim: string; readonly holds: boolean; readonly found: string }[];
  readonly stages: readonly { readonly address: string; readonly status: string }[];
}

it("kills the release check and resumes it, and nothing runs twice but the stage that was cut off", async () => {
  const { stdout } = await runWell(process.execPath, ["examples/demo.ts", "--json"], { cwd: ROOT, timeoutMs: 180_000 });
  const demo = JSON.parse(stdout) as Demo;
  expect(demo.proofs.filter(({ holds }) => !holds)).toEqual([]);
  expect(demo.proofs.length).toBeGreaterThanOrEqual(9);
  expect(demo.ok).toBe(true);
  expect(demo.killed.stage).toBe("main/tests@1");
  // The way the README shows for a run that nobody killed: the kill left no trace in it.
  const [session] = sessionsOf("examples/release-check/README.md");
  const rows = (session?.printed ?? "").split("\n").filter((line) => line.startsWith("main/"));
  expect(demo.stages.map(({ address, status }) => `${address} ${status}`)).toEqual(
    rows.map((row) => row.split(/\s+/).slice(0, 2).join(" ")),
  );
}, 200_000);

describe("a proof fails", () => {
  const entry = (seq: number, type: JournalEntry["type"], rest: Partial<JournalEntry>) =>
    ({ runId: "r", seq, gseq: seq, turn: seq, at: seq, v: 1, type, data: {}, ...rest }) as JournalEntry;
  const started = (seq: number, stage: string, execution: string) =>
    entry(seq, "stage.started", { stage, attempt: 1, execution: `${stage}#${execution}` });
  const success = { outcome: { status: "success" } };
  const journal = [
    started(1, "main/a@1", "1.1"),
    entry(2, "stage.succeeded", { stage: "main/a@1", data: success }),
    started(3, "main/b@1", "1.1"),
    entry(4, "run.resumed", { data: { resumeEpoch: 1, host: "h", pid: 20 } }),
    entry(5, "stage.interrupted", {
      stage: "main/b@1",
      execution: "main/b@1#1.1",
      data: { cause: "crash", inARow: 1, policy: "retry" },
    }),
    started(6, "main/b@1", "1.2"),
    entry(7, "stage.succeeded", { stage: "main/b@1", data: success }),
  ];
  const note = (stage: string, pid: number) => ({ what: "began" as const, stage, attempt: 1, pid });
  const evidence: Evidence = {
    journal,
    view: {
      status: "completed",
      stages: [
        { address: "main/a@1", attempts: [{ n: 1, execution: "main/a@1#1.1" }] },
        { address: "main/b@1", attempts: [{ n: 1, execution: "main/b@1#1.2", rerun: true }] },
      ],
    } as unknown as RunView,
    verified: { runId: "r", ok: true, problems: [], entries: 7 },
    steps: [note("main/a@1", 2 ** 22 + 1), note("main/b@1", 2 ** 22 + 2), note("main/b@1", 2 ** 22 + 3)],
    killed: { stage: "main/b@1", toolPid: 2 ** 22 + 2, driverPid: 10, seq: 3 },
    flaky: "main/c@1",
  };
  const failing = (changed: Partial<Evidence>) =>
    proofsOf({ ...evidence, ...changed }).flatMap(({ claim, holds }) => (holds ? [] : [claim]));
  /** That of the flaky stage fails for all of them: the small journal has none. */
  const [flaky] = failing({});

  it.each<[string, Partial<Evidence>, string]>([
    ["the run failed", { view: { ...evidence.view, status: "failed" } }, "The run completed."],
    ["the same process went on", { killed: { ...evidence.killed, driverPid: 20 } }, "Another process took it up."],
    [
      "a finished stage ran again",
      { journal: [...journal, started(8, "main/a@1", "1.2")] },
      "No stage that had finished before the kill ran again.",
    ],
    [
      "nothing was interrupted",
      { journal: journal.filter(({ type }) => type !== "stage.interrupted") },
      "Exactly one execution had an unknown outcome, and the journal names it.",
    ],
    [
      "the view does not mark the rerun",
      { view: { ...evidence.view, stages: [] } },
      "It alone was executed again, under the same attempt, and is marked as a rerun.",
    ],
    [
      "a tool ran without the journal",
      { steps: [...evidence.steps, note("main/a@1", 2 ** 22 + 4)] },
      "The tools wrote down the same: each attempt began once, but for that one, which began twice.",
    ],
    [
      "the old tool is still there",
      { killed: { ...evidence.killed, toolPid: process.pid } },
      "The tool that the dead process had left behind was gone before its stage began again.",
    ],
    [
      "the journal has a gap",
      { verified: { runId: "r", ok: false, problems: ["seq 4 is missing"], entries: 6 } },
      "`verify` finds the journal gapless and equal to what is stored.",
    ],
  ])("when %s", (_case, changed, claim) => {
    expect(failing(changed)).toEqual(expect.arrayContaining([claim]));
    expect(failing({})).toEqual([flaky]);
  });
});
