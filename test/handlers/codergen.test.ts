import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { CodergenBackend, CodergenRequest } from "../../src/actors/handlers/backend.ts";
import { type CommandBackendOptions, commandBackend } from "../../src/actors/handlers/backends/command.ts";
import { simulateBackend } from "../../src/actors/handlers/backends/simulate.ts";
import { createCodergen } from "../../src/actors/handlers/codergen.ts";
import { runHandler } from "../../src/actors/handlers/run-handler.ts";
import { LAST_RESPONSE_CHARS_MAX } from "../../src/limits.ts";
import { type FakeExecution, type FakeOptions, fakeExecution, until } from "./fake-execution.ts";

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "safepoint-test-"));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

function execution(options: FakeOptions = {}): FakeExecution {
  return fakeExecution({ cwd, ...options, node: { type: "codergen", shape: "box", ...options.node } });
}

async function run(backend: CodergenBackend, options: FakeOptions = {}, fake = execution(options)) {
  const end = await runHandler(createCodergen(backend), fake.input);
  return { ...end, ...end.outcome, fake, text: (name: string) => fake.artifacts.get(name)?.text };
}

/** A backend that keeps what it was asked. */
function recording(reply: ReturnType<CodergenBackend["run"]> = "ok") {
  const asked: CodergenRequest[] = [];
  const backend: CodergenBackend = {
    name: "recording",
    sessions: true,
    run(request) {
      asked.push(request);
      return reply;
    },
  };
  return { backend, asked, codergen: createCodergen(backend) };
}

describe("a codergen stage", () => {
  it("expands its prompt, or takes its label, and keeps prompt, response and status", async () => {
    const { backend, asked } = recording("All done.");
    const options = {
      attributes: {
        prompt: `Do $goal with \${tool.output} and {{ inputs.pr }}, not \\$goal`,
        llm_model: "m",
        reasoning_effort: "high",
      },
      graphAttributes: { goal: "the work" },
      context: { "tool.output": "$goal" },
      inputs: { pr: 7 },
    };
    const end = await run(backend, options);
    expect(asked[0]).toMatchObject({ prompt: "Do the work with $goal and 7, not $goal", model: "m", effort: "high" });
    expect(end.text("prompt.md")).toBe(asked[0]?.prompt);
    expect(end.text("response.md")).toBe("All done.");
    expect(JSON.parse(end.text("status.json") ?? "")).toEqual({ outcome: "success" });
    expect(end.outcome).toEqual({
      status: "success",
      contextUpdates: { last_stage: "work", last_response: "All done." },
    });
    const unnamed = recording();
    await run(unnamed.backend, { node: { label: "Plan it" } });
    expect(unnamed.asked[0]?.prompt).toBe("Plan it");
  });

  it("takes text, outcome or both, and cuts what reaches the context", async () => {
    const long = await run(recording("x".repeat(5_000)).backend);
    expect(String(long.contextUpdates?.["last_response"]).length).toBe(LAST_RESPONSE_CHARS_MAX);
    expect(long.text("response.md")?.length).toBe(5_000);
    const both = await run(
      recording({ response: "text", outcome: { status: "needs_work", contextUpdates: { a: 1 } } }).backend,
    );
    expect(both.outcome).toMatchObject({ status: "needs_work", contextUpdates: { a: 1, last_response: "text" } });
    expect(JSON.parse(both.text("status.json") ?? "")).toEqual({ outcome: "needs_work", context_updates: { a: 1 } });
    const wrong = await run(recording({ status: "so so" }).backend);
    expect(wrong).toMatchObject({ status: "fail", failureReason: expect.stringMatching(/reply is no outcome/) });
  });

  it("is told of the run so far, as its fidelity says", async () => {
    const { backend, asked } = recording();
    const options = { context: { color: "red" }, graphAttributes: { goal: "Ship" } };
    const { text } = await run(backend, options);
    expect(asked[0]).toMatchObject({
      fidelity: "compact",
      preamble: "Run: run-1\nGoal: Ship\n\nContext:\n- color: red",
    });
    expect(text("preamble.md")).toBe(asked[0]?.preamble);
    await run(backend, { ...options, edge: { from: "a", attributes: { fidelity: "truncate" } } });
    expect(asked[1]).toMatchObject({ fidelity: "truncate", preamble: "Run: run-1\nGoal: Ship" });
    expect(asked[1]).not.toHaveProperty("thread");
  });

  it("goes on with a thread, and with a summary where the thread was lost with its process", async () => {
    const attributes = { fidelity: "full", thread_id: "t" };
    const { codergen, asked } = recording();
    const first = await runHandler(codergen, execution({ attributes }).input);
    const context = first.outcome.contextUpdates ?? {};
    await runHandler(codergen, execution({ attributes, context }).input);
    expect(asked).toMatchObject([
      { fidelity: "full", thread: "t", preamble: "" },
      { fidelity: "full", thread: "t", preamble: "" },
    ]);
    const later = recording();
    await runHandler(later.codergen, execution({ attributes, context }).input);
    await runHandler(later.codergen, execution({ attributes, context }).input);
    expect(later.asked).toMatchObject([
      { fidelity: "summary:high", thread: "t", preamble: expect.stringContaining("Run: run-1") },
      { fidelity: "full", thread: "t", preamble: "" },
    ]);
    const forgetful = { ...later.backend, sessions: false };
    await run(forgetful, { attributes });
    expect(later.asked.at(-1)).toMatchObject({ fidelity: "summary:high", thread: "t" });
  });
});

describe("the simulate backend", () => {
  it("says the same of the same stage", async () => {
    const texts = [
      (await run(simulateBackend())).text("response.md"),
      (await run(simulateBackend())).text("response.md"),
    ];
    expect(texts[0]).toContain("work");
    expect(texts[1]).toBe(texts[0]);
  });

  it("follows its script by visit and attempt, also in another process", async () => {
    const script = { work: ["fail", "retry", { status: "custom", notes: "n" }, "A text of its own"] };
    const statusAt = async (visit: number, attempt: number) =>
      (await run(simulateBackend({ script }), { visit, attempt })).outcome;
    expect(await statusAt(1, 1)).toMatchObject({ status: "fail", failureReason: expect.any(String) });
    expect((await statusAt(1, 2)).status).toBe("retry");
    expect((await statusAt(2, 1)).status).toBe("retry");
    expect(await statusAt(2, 2)).toMatchObject({ status: "custom", contextUpdates: { last_response: "n" } });
    expect(await statusAt(9, 9)).toMatchObject({
      status: "success",
      contextUpdates: { last_response: "A text of its own" },
    });
    expect((await run(simulateBackend({ script: { other: ["fail"] } }))).status).toBe("success");
    expect((await run(simulateBackend({ script: { work: [] } }))).status).toBe("success");
  });

  it("takes its time, and stops when told", async () => {
    const fake = execution({ attributes: { "simulate.delay": "1h" } });
    const running = run(simulateBackend(), {}, fake);
    fake.abort("cancel");
    expect((await running).thrown?.name).toBe("ExecutionAbort");
    const from = performance.now();
    await run(simulateBackend({ delayMs: 30 }));
    expect(performance.now() - from).toBeGreaterThan(25);
  });
});

describe("the command backend", () => {
  const agent = (command: string, more: Partial<CommandBackendOptions> = {}) => commandBackend({ command, ...more });

  it("gives prompt on stdin and choices in the environment, and takes stdout", async () => {
    const command = `cat; echo; echo "$SAFEPOINT_MODEL $SAFEPOINT_PROVIDER $SAFEPOINT_EFFORT $SAFEPOINT_THREAD_ID $SAFEPOINT_FIDELITY $OWN"; echo log >&2`;
    const attributes = {
      ...{ prompt: "Say 'hi'; rm -rf $goal", llm_model: "m", llm_provider: "p", reasoning_effort: "low" },
      ...{ fidelity: "full", thread_id: "t" },
    };
    const { outcome, fake, text } = await run(agent(command, { sessions: true, env: { OWN: "own" } }), { attributes });
    expect(outcome.status).toBe("success");
    expect(text("response.md")).toBe("Say 'hi'; rm -rf $goal\nm p low t full own\n");
    expect(text("stderr")).toBe("log\n");
    expect(fake.output.stdout).toBe(text("response.md"));
    const told = await run(agent("cat"), { attributes: { prompt: "P" } });
    expect(told.text("response.md")).toBe("Run: run-1\n\n---\n\nP");
    expect(told.text("prompt.md")).toBe("P");
  });

  it("reads the status.json that the agent left, in the specification's names", async () => {
    const status = {
      outcome: "partially_succeeded",
      preferred_next_label: "Fix",
      suggested_next_ids: ["a"],
      context_updates: { k: [1] },
    };
    const { outcome } = await run(
      agent(`echo '${JSON.stringify(status)}' > "$SAFEPOINT_STAGE_DIR/status.json"; echo text`),
    );
    expect(outcome).toEqual({
      status: "partial_success",
      preferredLabel: "Fix",
      suggestedNextIds: ["a"],
      contextUpdates: { k: [1], last_stage: "work", last_response: "text\n" },
    });
  });

  it.each([
    ["{broken", /cannot be read/],
    ["[1]", /is not an object/],
    ['{"outcome":"so so"}', /no outcome.*"so so"/],
    ["{}", /needs a `status`/],
  ])("fails on a status.json with %s", async (content, reason) => {
    const { status, failureReason } = await run(agent(`printf '%s' '${content}' > "$SAFEPOINT_STAGE_DIR/status.json"`));
    expect([status, failureReason]).toEqual(["fail", expect.stringMatching(reason)]);
  });

  it("does not take a failed command for a success, whatever it left", async () => {
    const command = `echo '{"outcome":"success"}' > "$SAFEPOINT_STAGE_DIR/status.json"; echo broken >&2; exit 3`;
    expect(await run(agent(command))).toMatchObject({ status: "fail", failureReason: "exit code 3: broken" });
    expect(await run(agent("exit 3"), { attributes: { auto_status: true } })).toMatchObject({ status: "fail" });
  });

  it("ends with its group when told to stop", async () => {
    const fake = execution();
    const running = run(agent("touch up; sleep 60"), {}, fake);
    await until(() => existsSync(join(cwd, "up")), "the agent runs");
    fake.abort("cancel", 5_000);
    expect((await running).failureReason).toBe("ended by SIGTERM after it was told to stop");
  });

  it("calls a known agent as it wants to be called", async () => {
    const path = `${cwd}:${process.env["PATH"]}`;
    for (const name of ["claude", "codex"]) {
      writeFileSync(join(cwd, name), `#!/bin/sh\nprintf '%s\\n' "$@" > ${name}.args; cat\n`);
      chmodSync(join(cwd, name), 0o755);
    }
    const attributes = { prompt: "P", llm_model: "m 1", reasoning_effort: "high" };
    const claude = await run(commandBackend({ preset: "claude", env: { PATH: path }, args: ["--extra"] }), {
      attributes,
    });
    expect(claude.text("response.md")).toMatch(/P$/);
    expect(readFileSync(join(cwd, "claude.args"), "utf8")).toBe("-p\n--model\nm 1\n--effort\nhigh\n--extra\n");
    await run(commandBackend({ preset: "codex", env: { PATH: path } }), { attributes });
    expect(readFileSync(join(cwd, "codex.args"), "utf8")).toBe(
      'exec\n--skip-git-repo-check\n--model\nm 1\n-c\nmodel_reasoning_effort="high"\n-\n',
    );
    expect(() => commandBackend({ preset: "nobody" as never })).toThrow(/there are claude, codex, gemini, llm/);
  });
});
