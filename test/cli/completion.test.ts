import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { COMMANDS } from "../../src/cli/command-table.ts";
import { run, tempDir } from "./fake-io.ts";

const cwd = "/nowhere";
const script = async (shell: string) => (await run(`completion ${shell}`, { cwd })).stdout;

/** What bash offers at the end of these words. */
async function offered(words: readonly string[]): Promise<string[]> {
  const dir = tempDir({ "pipeline.dot": "", "other.txt": "" });
  writeFileSync(join(dir, "safepoint.bash"), await script("bash"));
  const program = `
    source ./safepoint.bash
    COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")})
    COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
    _safepoint
    printf '%s\\n' "\${COMPREPLY[@]}"
  `;
  const text = execFileSync("bash", ["-c", program], { cwd: dir, encoding: "utf8" });
  return text.split("\n").filter((line) => line !== "");
}

describe("completion", () => {
  it.each(["bash", "zsh", "fish"])("for %s knows every command and its options", async (shell) => {
    const text = await script(shell);
    for (const { name, alias } of COMMANDS) {
      expect(text).toContain(name);
      if (alias) expect(text).toContain(alias);
    }
    for (const option of ["follow", "run-id", "no-wait-gates", "store", "format"]) expect(text).toContain(option);
  });

  it("refuses another shell", async () => {
    expect((await run("completion tcsh", { cwd })).code).toBe(2);
  });
});

describe("completion in bash", () => {
  it("is a sound script", async () => {
    execFileSync("bash", ["-n"], { input: await script("bash") });
  });

  it("offers commands", async () => {
    expect(await offered(["safepoint", "r"])).toEqual(["run", "resume", "runs"]);
    expect(await offered(["safepoint", "--json", "show", ""])).not.toContain("run");
  });

  it("offers a command's options and the global ones", async () => {
    expect(await offered(["safepoint", "events", "--f"])).toEqual(["--follow"]);
    expect(await offered(["safepoint", "events", "--s"])).toEqual(expect.arrayContaining(["--stage", "--store"]));
    expect(await offered(["safepoint", "--store", "runs", "show", "--f"])).toEqual([]);
  });

  it("offers files where a file may stand", async () => {
    expect(await offered(["safepoint", "run", "pipe"])).toEqual(["pipeline.dot"]);
    expect(await offered(["safepoint", "lint", "pipe"])).toEqual(["pipeline.dot"]);
    expect(await offered(["safepoint", "run", "--handlers", "oth"])).toEqual(["other.txt"]);
    expect(await offered(["safepoint", "show", "pipe"])).toEqual([]);
  });
});
