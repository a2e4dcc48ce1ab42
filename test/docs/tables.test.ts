/** The reference documents have the tables of the code, row for row. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { COMMANDS } from "../../src/cli/command-table.ts";
import { EXIT } from "../../src/cli/exit-codes.ts";
import { ERROR_CODES } from "../../src/errors.ts";
import { ATTRIBUTE_FAMILIES, ATTRIBUTES, type AttributeSpec } from "../../src/graph/attributes.ts";
import { LINT_RULES } from "../../src/graph/lint/rules.ts";
import { SHAPES, typeOfShape } from "../../src/graph/shapes.ts";
import { CATALOGUE } from "../../src/journal/catalogue.ts";
import { ATTEMPT_STATUSES, BRANCH_STATUSES, RUN_STATUSES, STAGE_STATUSES } from "../../src/journal/status.ts";
import * as limits from "../../src/limits.ts";
import { projectPaths, ROOT, readSource } from "../tidy/sources.ts";
import { checkTable, tableRows } from "../tidy/tables.ts";

const read = (path: string) => readSource(path).text;

/** The part of a document under a heading, down to the next heading of any level. */
function section(markdown: string, heading: string): string {
  const after = markdown.split(new RegExp(`^#+ ${heading}$`, "m"))[1];
  if (after === undefined) throw new Error(`there is no heading "${heading}"`);
  return after.split(/^#+ /m)[0] ?? "";
}

describe("errors.md", () => {
  const text = read("docs/reference/errors.md");

  it("has every code", () => {
    const rows = Object.entries(ERROR_CODES).map(([code, { http, exit, retryable }]) => [
      code,
      String(http),
      String(exit),
      retryable ? "yes" : "no",
    ]);
    expect(checkTable("errors.md", tableRows(section(text, "Errors")), rows)).toEqual([]);
  });

  it("has every exit code", () => {
    const used = new Set<number>([...Object.values(EXIT), ...Object.values(ERROR_CODES).map(({ exit }) => exit)]);
    const rows = [...used].map((exit) => [String(exit)]);
    expect(checkTable("errors.md", tableRows(section(text, "Exit codes")), rows)).toEqual([]);
  });
});

it("limits.md has every limit with its value", () => {
  const rows = Object.entries(limits).map(([name, value]) => [name, value.toLocaleString("en-US")]);
  expect(checkTable("limits.md", tableRows(read("docs/reference/limits.md")), rows)).toEqual([]);
});

describe("statuses.md", () => {
  const text = read("docs/reference/statuses.md");

  it.each([
    ["Runs", RUN_STATUSES],
    ["Branches", BRANCH_STATUSES],
    ["Stages", STAGE_STATUSES],
    ["Attempts", ATTEMPT_STATUSES],
  ])("has every status of %s", (heading, statuses) => {
    const rows = statuses.map((status) => [status]);
    expect(checkTable("statuses.md", tableRows(section(text, heading)), rows)).toEqual([]);
  });
});

it("lint.md has every rule with its severity", () => {
  const rows = LINT_RULES.map(({ name, severity, summary }) => [name, severity, summary]);
  expect(checkTable("lint.md", tableRows(read("docs/reference/lint.md")), rows)).toEqual([]);
});

describe("attributes.md", () => {
  const text = read("docs/reference/attributes.md");
  const rowOf = (spec: AttributeSpec) => [spec.name, spec.on.join(", "), spec.kind, spec.aliases.join(", ")];

  it("has every attribute with where it stands, its kind and its aliases", () => {
    expect(checkTable("attributes.md", tableRows(section(text, "Attributes")), ATTRIBUTES.map(rowOf))).toEqual([]);
  });

  it("has every family", () => {
    expect(checkTable("attributes.md", tableRows(section(text, "Families")), ATTRIBUTE_FAMILIES.map(rowOf))).toEqual(
      [],
    );
  });
});

it("events.md has every entry of the catalogue, and no other", () => {
  const named = tableRows(read("docs/reference/events.md")).map(([first]) => first ?? "");
  for (const type of Object.keys(CATALOGUE)) expect(named).toContain(type);
});

it("cli.md has every command", () => {
  const text = read("docs/reference/cli.md");
  for (const { name } of COMMANDS) expect(text).toMatch(new RegExp(`\`(?:safepoint )?${name}\\b`));
});

it("attributes.md has every shape with its type", () => {
  const rows = SHAPES.map((shape) => [shape, typeOfShape(shape) ?? ""]);
  expect(checkTable("attributes.md", tableRows(section(read("docs/reference/attributes.md"), "Shapes")), rows)).toEqual(
    [],
  );
});

describe("links", () => {
  const documents = projectPaths().filter((path) => path.endsWith(".md"));

  it.each(documents)("of %s lead somewhere", (path) => {
    const targets = [...read(path).matchAll(/\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)/g)].map(
      (match) => match[1] as string,
    );
    const missing = targets.filter((target) => !existsSync(join(ROOT, path, "..", target)));
    expect(missing).toEqual([]);
  });
});
