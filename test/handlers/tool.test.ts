import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runHandler } from "../../src/actors/handlers/run-handler.ts";
import { tool } from "../../src/actors/handlers/tool.ts";
import { KeptOutput, truncateMiddle } from "../../src/actors/processes/kept-output.ts";
import { groupMembers } from "../../src/actors/processes/process-table.ts";
import { TOOL_ARTIFACT_BYTES_MAX, TOOL_OUTPUT_CHARS_MAX } from "../../src/limits.ts";
import { type FakeExecution, type FakeOptions, fakeExecution, until } from "./fake-execution.ts";

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "safepoint-test-"));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

function execution(command: string, options: FakeOptions = {}): FakeExecution {
  return fakeExecution({ cwd, ...options, attributes: { tool_command: command } });
}

async function run(command: string, options: FakeOptions = {}) {
  const fake = execution(command, options);
  const end = await runHandler(tool, fake.input);
  return { ...end, ...end.outcome, updates: end.outcome.contextUpdates ?? {}, fake };
}

describe("a tool", () => {
  it("succeeds with exit 0, streams and keeps its output", async () => {
    const { outcome, fake } = await run("echo one; echo two; echo oops >&2");
    expect(outcome).toEqual({ status: "success", contextUpdates: { "tool.output": "one\ntwo", "tool.exit_code": 0 } });
    expect(fake.output).toEqual({ stdout: "one\ntwo\n", stderr: "oops\n" });
    expect(fake.artifacts.get("stdout")).toEqual({ text: "one\ntwo\n", complete: true });
    expect(fake.artifacts.get("stderr")).toEqual({ text: "oops\n", complete: true });
    expect(fake.processes.length).toBe(1);
    expect(fake.ended).toEqual([fake.processes[0]?.pid]);
  });

  it("fails with exit code and the last lines of stderr", async () => {
    const { status, failureReason, updates } = await run("for n in 1 2 3 4 5 6 7; do echo e$n >&2; done; exit 4");
    expect(status).toBe("fail");
    expect(failureReason).toBe("exit code 4: e3\ne4\ne5\ne6\ne7");
    expect(updates).toEqual({ "tool.output": "e1\ne2\ne3\ne4\ne5\ne6\ne7", "tool.exit_code": 4 });
    expect((await run("kill -9 $$")).failureReason).toBe("ended by SIGKILL");
    expect((await run("no-such-command-here")).failureReason).toMatch(/^exit code 127: .*not found/);
  });

  it("is told who it is, and gets the context as a file that is gone afterwards", async () => {
    const command = `cp "$SAFEPOINT_CONTEXT_FILE" copy.json; echo "$SAFEPOINT_CONTEXT_FILE";
      echo "$SAFEPOINT_RUN_ID $SAFEPOINT_STAGE $SAFEPOINT_ATTEMPT $SAFEPOINT_IDEMPOTENCY_KEY $SAFEPOINT_EXECUTION"`;
    const context = { "a.b": { c: ["ü"] }, n: 1 };
    const { fake } = await run(command, { context, visit: 3, attempt: 2 });
    const [file = "", who] = fake.output.stdout.split("\n");
    expect(who).toBe("run-1 main/work@3 2 run-1:main/work@3 main/work@3#2.1");
    expect(JSON.parse(readFileSync(join(cwd, "copy.json"), "utf8"))).toEqual(context);
    expect(existsSync(file)).toBe(false);
  });

  it("without a command is a mistake that no retry heals, and is refused before it runs", async () => {
    expect((await run("  ")).thrown).toMatchObject({ name: "TerminalError", terminal: true });
    const { node, graph } = fakeExecution().input;
    expect(tool.check?.(node, graph)).toEqual(['tool "work" has no tool_command: say what it runs']);
    const fine = { ...node, attributes: { tool_command: "true" } };
    expect(tool.check?.(fine, graph)).toEqual([]);
  });
});

describe("a tool's variables", () => {
  it("reach the shell in every quoting, and unknown ones are the shell's", async () => {
    const context = { "work.item": "it's $HOME", path: "a b" };
    const command = `X=shell; printf '%s|' \${work.item} "\${work.item}" '<\${work.item}>' $goal \${inputs.n} {{ path }} \${X}`;
    const { fake } = await run(command, { context, inputs: { n: 42 }, graphAttributes: { goal: "Ship it" } });
    expect(fake.output.stdout).toBe("it's $HOME|it's $HOME|<it's $HOME>|Ship it|42|a b|shell|");
  });

  const attacks = [
    "$(touch pwned)",
    "`touch pwned`",
    "; touch pwned",
    "' ; touch pwned; '",
    '" ; touch pwned; "',
    "\n touch pwned\n",
    "&& touch pwned",
    "| touch pwned",
    `\${IFS}touch`,
    "\\",
    "*",
    "-n",
  ];
  it.each(attacks)("never become code: %j", async (value) => {
    const command = `printf '%s' \${v}; printf '%s' "\${v}"; printf '%s' '\${v}'; printf '%s' x\${v}x`;
    const { fake, status } = await run(command, { context: { v: value } });
    expect(fake.output.stdout).toBe(`${value}${value}${value}x${value}x`);
    expect(existsSync(join(cwd, "pwned"))).toBe(false);
    expect(status).toBe("success");
  });
});

describe("what a tool says of itself", () => {
  it("on the last line sets outcome and context", async () => {
    const said = {
      outcome: "needs_work",
      context: { score: 3 },
      preferred_label: "Fix",
      suggested_next_ids: ["b"],
      notes: "n",
    };
    const { outcome } = await run(`echo log; echo '${JSON.stringify(said)}'; echo`);
    expect(outcome).toMatchObject({ status: "needs_work", preferredLabel: "Fix", suggestedNextIds: ["b"], notes: "n" });
    expect(outcome.contextUpdates).toMatchObject({ score: 3, "tool.exit_code": 0 });
  });

  it("does not turn a failure into a success, but may name it", async () => {
    const claims = await run(`echo '{"outcome":"success","context":{"a":1}}'; exit 2`);
    expect(claims).toMatchObject({ status: "fail", failureReason: "exit code 2", updates: { a: 1 } });
    const names = await run(`echo '{"outcome":"retry","failure_reason":"busy"}'; exit 2`);
    expect(names).toMatchObject({ status: "retry", failureReason: "busy" });
    const fails = await run(`echo '{"status":"failed","failure_reason":"wrong"}'`);
    expect(fails).toMatchObject({ status: "fail", failureReason: "wrong" });
  });

  it("is a mistake where an outcome is none, and nobody's business where it is other JSON", async () => {
    expect(await run(`echo '{"outcome":"so so"}'`)).toMatchObject({
      status: "fail",
      failureReason: expect.stringMatching(/no outcome.*"so so"/),
      updates: { "tool.exit_code": 0 },
    });
    for (const line of ['{"status":200}', '{"status":"All Fine"}', '{"a":1}', "[1]", "{broken}", '"success"', "null"]) {
      expect((await run(`printf '%s' '${line}'`)).outcome).toEqual({
        status: "success",
        contextUpdates: { "tool.output": line, "tool.exit_code": 0 },
      });
    }
  });

  it("cannot overwrite what the engine says", async () => {
    const { updates } = await run(`echo '{"outcome":"success","context":{"tool.exit_code":9}}'`);
    expect(updates["tool.exit_code"]).toBe(0);
  });
});

describe("a tool that is told to stop", () => {
  it("ends before its handler does, and its streams say they were cut", async () => {
    const fake = execution(`trap '' TERM; echo begun; touch up; while :; do sleep 0.02; done`);
    const running = runHandler(tool, fake.input);
    await until(() => existsSync(join(cwd, "up")), "the tool runs");
    fake.abort("cancel", 60);
    const { outcome } = await running;
    expect(outcome).toMatchObject({ status: "fail", failureReason: "ended by SIGKILL after it was told to stop" });
    expect(fake.artifacts.get("stdout")).toEqual({ text: "begun\n", complete: false });
    expect(groupMembers(fake.processes[0]?.pid ?? 0)).toEqual([]);
  });

  it("may finish its work within the grace", async () => {
    const fake = execution(`trap 'echo saved; exit 0' TERM; touch up; while :; do sleep 0.02; done`);
    const running = runHandler(tool, fake.input);
    await until(() => existsSync(join(cwd, "up")), "the tool runs");
    fake.abort("pause", 10_000);
    expect((await running).outcome).toMatchObject({ status: "success", contextUpdates: { "tool.output": "saved" } });
  });
});

describe("much output", () => {
  it("is bounded where it is kept, with its beginning and its end", async () => {
    const { updates, fake } = await run("echo first; head -c 3000000 /dev/zero | tr '\\0' 'é'; echo; echo last");
    const output = String(updates["tool.output"]);
    expect(output.length).toBeLessThanOrEqual(TOOL_OUTPUT_CHARS_MAX);
    expect(output).toMatch(/^first\n[\s\S]*\n… \d+ characters left out …\n[\s\S]*\nlast$/);
    const artifact = fake.artifacts.get("stdout");
    expect(artifact?.complete).toBe(false);
    expect(Buffer.byteLength(artifact?.text ?? "")).toBeLessThan(TOOL_ARTIFACT_BYTES_MAX * 3 + 100);
    expect(fake.output.stdout.length).toBeGreaterThanOrEqual(3_000_000);
  });

  it("keeps all of it up to the limit, and cuts between characters, however it comes", () => {
    const text = fc.string({ unit: "grapheme", maxLength: 80 });
    const cuts = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(text, cuts, fc.integer({ min: 2, max: 60 }), (whole, sizes, bytesMax) => {
        const bytes = Buffer.from(whole.toWellFormed());
        const kept = new KeptOutput(bytesMax);
        for (let at = 0, n = 0; at < bytes.length; n += 1) {
          const size = sizes[n % sizes.length] ?? 1;
          kept.add(bytes.subarray(at, at + size));
          at += size;
        }
        expect(kept.totalBytes).toBe(bytes.length);
        if (!kept.truncated) {
          expect(kept.text()).toBe(bytes.toString());
          return;
        }
        const [, head = "", missing, tail = ""] =
          /^([\s\S]*)\n… (\d+) bytes left out …\n([\s\S]*)$/.exec(kept.text()) ?? [];
        expect(bytes.toString().startsWith(head) && bytes.toString().endsWith(tail)).toBe(true);
        expect(Buffer.byteLength(head) + Number(missing) + Buffer.byteLength(tail)).toBe(bytes.length);
      }),
      { numRuns: 300 },
    );
  });

  it("cuts texts to at most their limit, counting what is left out", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), fc.integer({ min: 0, max: 120 }), (text, max) => {
        const short = truncateMiddle(text, max);
        expect(short.length).toBeLessThanOrEqual(max);
        if (text.length <= max) expect(short).toBe(text);
        if (text.isWellFormed()) expect(short.isWellFormed()).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});
