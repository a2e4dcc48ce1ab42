/** Every command line in the documents names a command and options that there are. */
import { describe, expect, it } from "vitest";
import { COMMANDS } from "../../src/cli/command-table.ts";
import type { Io, OutputStream } from "../../src/cli/io.ts";
import { main } from "../../src/cli/main.ts";
import { projectPaths, readSource } from "../tidy/sources.ts";

/** `safepoint …` at the start of a line of a shell block, or alone between backticks. */
function commandLines(markdown: string): string[] {
  const found = markdown.matchAll(/^(?:npx )?safepoint ([a-z][^\n#&|]*)|`(?:npx )?safepoint ([a-z][^`\n]*)`/gm);
  return [...found].map((match) => (match[1] ?? match[2] ?? "").replace(/ [>|].*$/, "").trim());
}

const known = new Set(COMMANDS.flatMap(({ name, alias }) => (alias === undefined ? [name] : [name, alias])));

async function helpOf(command: string): Promise<string> {
  let text = "";
  const stream = (keep: boolean): OutputStream => ({
    isTTY: false,
    columns: undefined,
    rows: undefined,
    closed: false,
    write: async (piece) => {
      if (keep) text += String(piece);
    },
    onResize: () => () => {},
  });
  const io: Io = {
    stdin: (async function* () {})(),
    stdout: stream(true),
    stderr: stream(false),
    env: {},
    cwd: "/",
    now: () => 0,
    onSignal: () => () => {},
    exit: () => {},
  };
  await main([command, "--help"], io);
  return text;
}

it("finds command lines", () => {
  const markdown =
    "```sh\nnpx safepoint run a.dot --json  # why\n```\nUse `safepoint show <run>` and `safepoint/sqlite`.\n";
  expect(commandLines(markdown)).toEqual(["run a.dot --json", "show <run>"]);
});

const lines = projectPaths()
  .filter((path) => path.endsWith(".md") && !path.startsWith("docs/reference/"))
  .flatMap((path) => commandLines(readSource(path).text).map((line) => [path, line] as const));

describe("the command line in", () => {
  it.each([...new Map(lines.map((each) => [each.join(), each])).values()])("%s: %s", async (_path, line) => {
    const words = line.split(/\s+/);
    const command = words[0] ?? "";
    expect([...known]).toContain(command);
    const help = await helpOf(command);
    for (const option of words.filter((word) => /^--[a-z]/.test(word)))
      expect(help).toContain(` ${option.split("=")[0]}`);
  });
});
