import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { autoApproveInterviewer } from "../../src/actors/interviewers/auto-approve.ts";
import { callbackInterviewer } from "../../src/actors/interviewers/callback.ts";
import { consoleInterviewer } from "../../src/actors/interviewers/console.ts";
import type { AskedQuestion, Interviewer } from "../../src/actors/interviewers/interviewer.ts";
import { queueInterviewer } from "../../src/actors/interviewers/queue.ts";
import { recordingInterviewer } from "../../src/actors/interviewers/recording.ts";
import type { JsonValue } from "../../src/graph/index.ts";
import { createWorld } from "./control-world.ts";

const PIPELINE = `digraph g {
  start [shape=Mdiamond]
  one [shape=hexagon, label="First?", human.timeout="1h", human.default_choice=No]
  two [shape=hexagon, label="Second?", human.kind=freeform]
  exit [shape=Msquare]
  start -> one
  one -> two [label=Yes]
  one -> exit [label=No]
  two -> exit
}`;

async function asked(interviewer: Interviewer, pipeline = PIPELINE) {
  const world = createWorld();
  const runtime = await world.runtime({ interviewer });
  const run = await runtime.start(pipeline, { runId: "r" });
  await world.rest();
  return { world, runtime, run };
}

describe("an interviewer of the runtime", () => {
  it("is asked when a gate opens, and answers as everybody does", async () => {
    const { world, run } = await asked(queueInterviewer(["Yes", "because"]));
    expect((await run.finished()).status).toBe("completed");
    const answers = await world.store.read("journal", { runId: "r", types: ["gate.answered"] });
    expect(answers.map(({ data }) => data)).toMatchObject([
      { answer: "Yes", by: "prepared answers" },
      { answer: "because", by: "prepared answers" },
    ]);
    expect(await run.context()).toMatchObject({ "human.gate.text": "because" });
    expect((await world.types("r")).filter((type) => type === "control.accepted")).toHaveLength(2);
  });

  it("that has no answer leaves the gate open: nobody there is no yes", async () => {
    const { world, run } = await asked(queueInterviewer());
    expect((await run.questions()).map(({ gate }) => gate)).toEqual(["main/one@1"]);
    expect(await run.answer("main/one@1", "No")).toMatchObject({ accepted: true });
    await world.rest();
    expect((await run.view()).status).toBe("completed");
  });

  it("is asked again, with what was wrong, three times at most", async () => {
    const questions: AskedQuestion[] = [];
    const wrong = callbackInterviewer((question) => {
      questions.push(question);
      return "perhaps";
    });
    const { run } = await asked(wrong);
    expect(questions.map(({ problem }) => problem)).toEqual([
      undefined,
      "expected one of Y (Yes), N (No)",
      "expected one of Y (Yes), N (No)",
    ]);
    expect(await run.questions()).toHaveLength(1);
  });

  it("that fails leaves the gate open, and the run as it is", async () => {
    const failing: Interviewer = { ask: () => Promise.reject(new Error("the chat is down")) };
    const { run } = await asked(failing);
    expect(await run.questions()).toHaveLength(1);
    expect((await run.view()).status).toBe("running");
  });

  it.each([
    [
      "somebody else answers",
      async (run: { answer(gate: string, answer: JsonValue): Promise<unknown> }) => run.answer("main/one@1", "No"),
    ],
    ["its deadline passes", async (_run: unknown, advance: (ms: number) => Promise<void>) => advance(3_600_000)],
    ["the run is cancelled", async (run: { cancel(): Promise<unknown> }) => run.cancel()],
  ] as const)("is told by its signal when %s", async (_name, settle) => {
    let aborted = false;
    const patient: Interviewer = {
      ask: (_question, { signal }) =>
        new Promise((resolve) => {
          signal.addEventListener("abort", () => {
            aborted = true;
            resolve("Yes");
          });
        }),
    };
    const { world, run } = await asked(patient);
    expect(aborted).toBe(false);
    await settle(run, (ms) => world.clock.advance(ms));
    await world.rest();
    expect(aborted).toBe(true);
    expect((await world.types("r")).filter((type) => type === "control.rejected")).toEqual([]);
  });

  it("is asked of open gates when a run is taken, also of a paused one, and holds no slot", async () => {
    const world = createWorld();
    const first = await world.runtime();
    const run = await first.start(PIPELINE, { runId: "r" });
    await world.rest();
    await run.pause();
    await first.stop({ graceMs: 0 });
    const recording = recordingInterviewer(queueInterviewer(["No"]));
    const second = await world.runtime({ interviewer: recording });
    const taken = await second.resume("r");
    await world.rest();
    expect(recording.interviews).toMatchObject([
      { answer: "No", question: { gate: "main/one@1", runId: "r", stage: "main/one@1" } },
    ]);
    expect(await taken.view()).toMatchObject({ status: "paused", waitingOn: [] });
    await taken.continue();
    await world.rest();
    expect((await taken.view()).status).toBe("completed");
  });
});

describe("questions of all runs", () => {
  it("are listed with the run they belong to", async () => {
    const world = createWorld();
    const runtime = await world.runtime();
    for (const runId of ["a", "b"]) await runtime.start(PIPELINE, { runId });
    await world.rest();
    expect((await runtime.questions()).map(({ runId, gate }) => [runId, gate])).toEqual([
      ["a", "main/one@1"],
      ["b", "main/one@1"],
    ]);
  });
});

const question = (over: Partial<AskedQuestion>): AskedQuestion => ({
  runId: "r",
  stage: "main/g@1",
  gate: "main/g@1",
  kind: "multiple_choice",
  purpose: "gate",
  text: "Ship it?",
  options: [
    { key: "Y", label: "[Y] Yes", to: "a" },
    { key: "N", label: "[N] No", to: "b" },
  ],
  ...over,
});
const signal = new AbortController().signal;

describe("auto-approve", () => {
  it.each([
    [{}, "Y"],
    [{ kind: "yes_no", options: [] }, "yes"],
    [{ kind: "multi_select" }, ["Y"]],
    [{ kind: "freeform", options: [] }, "approved"],
    [{ purpose: "interrupted" }, undefined],
  ] as const)("answers %j with %j", async (over, answer) => {
    expect(await autoApproveInterviewer().ask(question(over as Partial<AskedQuestion>), { signal })).toEqual(answer);
  });

  it("takes a whole run through, and says that it was it", async () => {
    const { world, run } = await asked(autoApproveInterviewer());
    expect((await run.finished()).status).toBe("completed");
    const [entry] = await world.store.read("journal", { runId: "r", types: ["gate.answered"] });
    expect(entry?.data).toMatchObject({ by: "auto-approve" });
  });
});

describe("the console", () => {
  function terminal(isTerminal = true) {
    const input = new PassThrough();
    const output = new PassThrough();
    let text = "";
    output.on("data", (bytes) => {
      text += bytes;
    });
    return { interviewer: consoleInterviewer({ input, output, isTerminal }), input, shown: () => text };
  }

  it("shows the question with its options and takes the first line that is an answer", async () => {
    const { interviewer, input, shown } = terminal();
    const answer = interviewer.ask(question({ defaultChoice: "N" }), { signal });
    input.write("maybe\n");
    input.write("y\n");
    expect(await answer).toBe("y");
    expect(shown()).toContain(
      "Ship it?  [r, main/g@1]\n  Y  [Y] Yes\n  N  [N] No\n  (without an answer in time: N)\n> ",
    );
    expect(shown()).toContain("expected one of Y ([Y] Yes), N ([N] No)\n> ");
  });

  it("splits several choices at commas", async () => {
    const { interviewer, input } = terminal();
    const answer = interviewer.ask(question({ kind: "multi_select" }), { signal });
    input.write("y, no\n");
    expect(await answer).toEqual(["y", "no"]);
  });

  it("leaves the question open where nobody sits, and at the end of the input", async () => {
    expect(await terminal(false).interviewer.ask(question({}), { signal })).toBeUndefined();
    const { interviewer, input } = terminal();
    const answer = interviewer.ask(question({}), { signal });
    input.end();
    expect(await answer).toBeUndefined();
  });

  it("asks one question at a time, and stops asking one that is settled elsewhere", async () => {
    const { interviewer, input, shown } = terminal();
    const stop = new AbortController();
    const first = interviewer.ask(question({ text: "One?" }), { signal: stop.signal });
    const second = interviewer.ask(question({ text: "Two?" }), { signal });
    await new Promise((resolve) => setImmediate(resolve));
    expect(shown()).toContain("One?");
    expect(shown()).not.toContain("Two?");
    stop.abort();
    expect(await first).toBeUndefined();
    input.write("n\n");
    expect(await second).toBe("n");
    expect(shown()).toContain("(settled elsewhere)");
  });

  it("lets no control character of a pipeline reach the terminal", async () => {
    const { interviewer, input, shown } = terminal();
    const answer = interviewer.ask(question({ text: "Ship \u001b[2J it?" }), { signal });
    input.write("y\n");
    await answer;
    expect(shown()).not.toContain("\u001b");
  });
});
