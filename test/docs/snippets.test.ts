/** Code that the documents mark as runnable runs as pasted, in an empty project, one document after another. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { build, run } from "../package/commands.ts";
import { projectPaths, ROOT, readSource } from "../tidy/sources.ts";

interface Snippet {
  readonly language: "ts" | "sh";
  readonly line: number;
  readonly code: string;
}

/** Fenced blocks whose info string is `ts run` or `sh run`. */
function runnable(markdown: string): Snippet[] {
  const blocks = markdown.matchAll(/^```(ts|sh) run\n([\s\S]*?)^```$/gm);
  return [...blocks].map((match) => ({
    language: match[1] as Snippet["language"],
    line: markdown.slice(0, match.index).split("\n").length + 1,
    code: match[2] ?? "",
  }));
}

const documents = projectPaths()
  .filter((path) => path.endsWith(".md") && (path === "README.md" || path.startsWith("docs/")))
  .map((path) => ({ path, snippets: runnable(readSource(path).text) }))
  .filter(({ snippets }) => snippets.length > 0);

let dir: string;

beforeAll(async () => {
  await build();
  dir = await mkdtemp(join(tmpdir(), "safepoint-docs-"));
}, 60_000);

afterAll(async () => await rm(dir, { recursive: true, force: true }));

it("finds runnable snippets, and only those", () => {
  const markdown = "```ts run\none\n```\n```ts\ntwo\n```\ntext\n```sh run\nthree\nfour\n```\n";
  expect(runnable(markdown)).toEqual([
    { language: "ts", line: 2, code: "one\n" },
    { language: "sh", line: 9, code: "three\nfour\n" },
  ]);
  expect(documents.map(({ path }) => path)).toEqual(
    expect.arrayContaining(["README.md", "docs/start/command-line.md", "docs/start/library.md"]),
  );
});

/** An empty project in which `safepoint` is this checkout. */
async function emptyProject(name: string): Promise<string> {
  const project = join(dir, name.replace(/\W+/g, "-"));
  await mkdir(join(project, "node_modules", ".bin"), { recursive: true });
  await writeFile(join(project, "package.json"), '{ "type": "module", "private": true }\n');
  await symlink(ROOT, join(project, "node_modules", "safepoint"), "dir");
  await symlink(join(ROOT, "dist", "cli", "bin.js"), join(project, "node_modules", ".bin", "safepoint"));
  return project;
}

it("the twenty lines of the README go on after kill -9", async () => {
  const project = await emptyProject("killed");
  const [snippet] = runnable(readSource("README.md").text);
  await writeFile(join(project, "count.ts"), snippet?.code ?? "");
  const first = spawn(process.execPath, ["count.ts"], { cwd: project, stdio: ["ignore", "pipe", "inherit"] });
  const printed: string[] = [];
  for await (const line of createInterface({ input: first.stdout })) {
    printed.push(line);
    if (line === "counting 3") first.kill("SIGKILL");
  }
  if (first.signalCode === null) await once(first, "exit");
  expect(first.signalCode).toBe("SIGKILL");
  expect(printed).toEqual(["counting 1", "counting 2", "counting 3"]);
  const second = await run("node", ["count.ts"], { cwd: project });
  expect(second.stdout.split("\n").slice(0, 4)).toEqual([
    "counting 3",
    "counting 4",
    "counting 5",
    expect.stringMatching(/^completed .*n: 5/),
  ]);
});

describe.each(documents)("$path", ({ path, snippets }) => {
  let project: string;

  beforeAll(async () => {
    project = await emptyProject(path);
  });

  it.each(snippets)("line $line runs", async ({ language, line, code }) => {
    const file = join(project, `line-${line}.${language}`);
    await writeFile(file, language === "sh" ? `set -eu\n${code}` : code);
    const finished = await run(language === "sh" ? "bash" : "node", [file], { cwd: project });
    expect(finished.code, finished.stdout + finished.stderr).toBe(0);
    expect(finished.stdout).not.toBe("");
  });
});
