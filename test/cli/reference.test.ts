import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { COMMANDS } from "../../src/cli/command-table.ts";
import { EXIT } from "../../src/cli/exit-codes.ts";
import { createProgram } from "../../src/cli/program.ts";
import { ERROR_CODES } from "../../src/errors.ts";
import { fakeIo } from "./fake-io.ts";

const reference = readFileSync(new URL("../../docs/reference/cli.md", import.meta.url), "utf8");
const program = createProgram(fakeIo({ cwd: "/nowhere" }));
await program.loadAll();

/** The sections of the reference, by the commands their headings name. */
const sections = new Map(
  reference
    .split(/^### /m)
    .slice(1)
    .flatMap((section) => {
      const [heading = ""] = section.split("\n");
      const text = section.split(/^## /m)[0] ?? "";
      return [...heading.matchAll(/`safepoint ([a-z]+)/g)].map((match) => [match[1] ?? "", text] as const);
    }),
);

/** Option flags in the first cells of a section's table. */
function documented(section: string): string[] {
  const cells = section.split("\n").flatMap((line) => (line.startsWith("| `-") ? [line.split(" | ")[0] ?? ""] : []));
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? ""));
}

describe("docs/reference/cli.md", () => {
  it("has a section for each command, and for no other", () => {
    expect([...sections.keys()].toSorted()).toEqual(COMMANDS.map((entry) => entry.name).toSorted());
  });

  it.each(COMMANDS.map((entry) => entry.name))("has every option of %s, as it is", (name) => {
    const section = sections.get(name) ?? "";
    const command = program.command.commands.find((candidate) => candidate.name() === name);
    for (const option of command?.options ?? []) expect(documented(section)).toContain(option.flags);
  });

  it("has no option that does not exist", () => {
    const real = new Set(program.command.commands.flatMap((command) => command.options.map((option) => option.flags)));
    for (const section of sections.values())
      for (const flags of documented(section)) expect([...real]).toContain(flags);
  });

  it("has the global options", () => {
    const [globals = ""] = reference.split("## Exit codes");
    const flags = documented(globals);
    for (const option of program.command.options) expect(flags).toContain(option.flags);
  });

  it("has every exit code", () => {
    const [, table = ""] = reference.split("## Exit codes");
    const codes = [...(table.split("\n## ")[0] ?? "").matchAll(/^\| ([\d, ]+) \|/gm)].flatMap((match) =>
      (match[1] ?? "").split(", ").map(Number),
    );
    const real = new Set([...Object.values(EXIT), ...Object.values(ERROR_CODES).map((code) => code.exit)]);
    expect(codes.toSorted((a, b) => a - b)).toEqual([...real].toSorted((a, b) => a - b));
  });
});
