import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { AGENT_PRESETS } from "../../src/actors/handlers/backends/agent-presets.ts";
import { commandBackend } from "../../src/actors/handlers/backends/command.ts";
import { createCodergen } from "../../src/actors/handlers/codergen.ts";
import { PREAMBLE_CHARS_MAX } from "../../src/actors/handlers/fidelity.ts";
import { runHandler } from "../../src/actors/handlers/run-handler.ts";
import { fakeExecution } from "./fake-execution.ts";

const text = readFileSync(new URL("../../docs/reference/handlers.md", import.meta.url), "utf8");
const rows = (first: RegExp) => [...text.matchAll(new RegExp(`^\\| ${first.source}.*\\|$`, "gm"))];

describe("the reference of handlers", () => {
  it("lists the environment of commands", async () => {
    const attributes = { llm_model: "m", llm_provider: "p", reasoning_effort: "e", fidelity: "full" };
    const execution = fakeExecution({ attributes });
    const before = Object.keys(process.env).filter((name) => name.startsWith("SAFEPOINT_"));
    const backend = commandBackend({ command: "env | grep -o '^SAFEPOINT_[A-Z_]*'", sessions: true });
    await runHandler(createCodergen(backend), execution.input);
    const found = execution.output.stdout.trim().split("\n");
    const listed = rows(/`(SAFEPOINT_[A-Z_]+)`/).map((row) => row[1]);
    expect(found.filter((name) => !before.includes(name)).sort()).toEqual(
      listed.filter((name) => !before.includes(name ?? "")).sort(),
    );
  });

  it("lists presets with what they run", () => {
    const listed = new Map(rows(/`([a-z]+)` \| `([^`]+ …[^`]*)` /).map((row) => [row[1], row[2]]));
    const expected = Object.entries(AGENT_PRESETS).map(([name, { file, args }]) => {
      const line = [file, ...args({ model: "…", effort: "…" }, [])].join(" ").replaceAll('"', "");
      return [name, line];
    });
    expect([...listed]).toEqual(expected);
  });

  it("lists fidelities with their limits", () => {
    const listed = rows(/`([a-z:]+)`(?: \(default\))? \| [^|]+ \| ([\d,]+) characters /);
    expect(listed.map((row) => [row[1], Number(row[2]?.replaceAll(",", ""))])).toEqual(
      Object.entries(PREAMBLE_CHARS_MAX),
    );
  });
});
