/** docs/reference/parallel.md has the words of the code, and says which of them is the default. */
import { describe, expect, it } from "vitest";
import { CONFLICT_RULES, ERROR_POLICIES, JOIN_POLICIES, MERGE_MODES } from "../../src/graph/region-settings.ts";
import { MERGE_ENGINE_KEYS } from "../../src/journal/context-changes.ts";
import { readSource } from "../tidy/sources.ts";
import { checkTable, tableRows } from "../tidy/tables.ts";

const text = readSource("docs/reference/parallel.md").text;

/** The lines of a section, and the rows of the first table in it. */
function section(heading: string): { readonly prose: string; readonly rows: string[][] } {
  const body = text.split(`\n## ${heading}\n`)[1]?.split("\n## ")[0];
  if (body === undefined) throw new Error(`there is no heading "${heading}"`);
  const blocks = body.split("\n\n");
  const table = blocks.find((block) => block.trimStart().startsWith("|")) ?? "";
  return { prose: blocks.filter((block) => block !== table).join("\n"), rows: tableRows(table) };
}

describe("parallel.md", () => {
  it.each<[string, readonly string[]]>([
    ["Join policies", JOIN_POLICIES],
    ["Error policies", ERROR_POLICIES],
    ["Merge", MERGE_MODES],
    ["Conflict rules", [...CONFLICT_RULES, "prefer:…"]],
  ])("has the words of %s and their default", (heading, words) => {
    const { prose, rows } = section(heading);
    expect(
      checkTable(
        heading,
        rows,
        words.map((word) => [word]),
      ),
    ).toEqual([]);
    expect(prose).toContain(`\`${words[0]}\` is the default.`);
  });

  it("has the engine's keys", () => {
    const rows = [...MERGE_ENGINE_KEYS].map((key) => [key]);
    expect(checkTable("Engine keys", section("Engine keys").rows, rows)).toEqual([]);
  });
});
