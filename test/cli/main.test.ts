import { describe, expect, it } from "vitest";
import { COMMANDS } from "../../src/cli/command-table.ts";
import { packageVersion } from "../../src/cli/package-file.ts";
import { reportError } from "../../src/cli/report-error.ts";
import { ERROR_CODES, type ErrorCode, SafepointError } from "../../src/errors.ts";
import { fakeIo, run, tempDir } from "./fake-io.ts";

const cwd = "/nowhere";

describe("help", () => {
  it("lists every command", async () => {
    const { code, stdout, stderr } = await run("--help", { cwd });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    await expect(stdout).toMatchFileSnapshot("golden/help.txt");
    for (const entry of COMMANDS) expect(stdout).toContain(`  ${entry.name}`);
  });

  it.each(COMMANDS.map((entry) => entry.name))("of %s names its options and the global ones", async (name) => {
    const { code, stdout } = await run(`${name} --help`, { cwd });
    expect(code).toBe(0);
    await expect(stdout).toMatchFileSnapshot(`golden/help-${name}.txt`);
    expect(stdout).toContain("--store <file>");
    expect((await run(`help ${name}`, { cwd })).stdout).toBe(stdout);
  });

  it("without arguments goes to stderr and is a usage error", async () => {
    const { code, stdout, stderr } = await run("", { cwd });
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain("Usage: safepoint");
  });

  it("of a command that does not exist is refused", async () => {
    expect((await run("help rnu", { cwd })).code).toBe(2);
  });
});

describe("usage", () => {
  it("--version is the package's", async () => {
    expect(await run("--version", { cwd })).toEqual({ code: 0, stdout: `${packageVersion()}\n`, stderr: "" });
  });

  it.each([
    ["shwo r1", "unknown command 'shwo'", "show"],
    ["runs --limt 3", "unknown option '--limt'", "--limit"],
    ["runs --jsno", "unknown option '--jsno'", "--json"],
  ])("%s: exit 2 with the nearest name", async (line, message, nearest) => {
    const plain = await run(line, { cwd });
    expect(plain).toMatchObject({ code: 2, stdout: "" });
    expect(plain.stderr).toContain(`safepoint: ${message}\nhint: did you mean ${nearest}`);
    const json = await run(`${line} --json`, { cwd });
    expect(json.code).toBe(2);
    const { error } = JSON.parse(json.stderr);
    expect(error).toMatchObject({ code: "usage", message });
    expect(error.details.nearest).toContain(nearest);
  });

  it.each(["show", "show a b", "runs --limit", "export r1", "runs --limit 0", "runs --limit x", "runs --status done"])(
    "%s: exit 2",
    async (line) => {
      const { code, stdout, stderr } = await run(line, { cwd });
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(stderr).toMatch(/^safepoint: .+\nhint: .+\n$/);
    },
  );

  it("takes global options before and after the command", async () => {
    const dir = tempDir();
    for (const line of ["--json --store s.db runs", "runs --store s.db --json", "--store s.db runs --json"]) {
      const { code, stderr } = await run(line, { cwd: dir });
      expect(code).toBe(66);
      expect(JSON.parse(stderr)).toMatchObject({
        error: { code: "store_not_found", details: { path: `${dir}/s.db` } },
      });
    }
  });

  it("reads the store from the environment, and --store goes before", async () => {
    const dir = tempDir();
    const env = { SAFEPOINT_STORE: "env.db" };
    expect((await run("runs", { cwd: dir, env })).stderr).toContain(`${dir}/env.db`);
    expect((await run("runs --store arg.db", { cwd: dir, env })).stderr).toContain(`${dir}/arg.db`);
    expect((await run("runs", { cwd: dir })).stderr).toContain(`${dir}/.safepoint/safepoint.db`);
  });

  it("refuses a store that is a URL, without repeating its password", async () => {
    const { code, stderr } = await run("runs --store postgres://me:secret@db/x", { cwd });
    expect(code).toBe(78);
    expect(stderr).not.toContain("secret");
  });
});

describe("reportError", () => {
  it("answers with the exit code of the table, for every code", async () => {
    for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
      const io = fakeIo({ cwd });
      const exit = await reportError(new SafepointError(code, "m", { details: { a: 1 } }), { io, json: true });
      expect(exit).toBe(ERROR_CODES[code].exit);
      expect(JSON.parse(io.stderr.text)).toEqual({ error: { code, message: "m", details: { a: 1 } } });
      expect(io.stdout.text).toBe("");
    }
  });

  it("calls anything else a fault of ours, with its place only when asked", async () => {
    const io = fakeIo({ cwd });
    expect(await reportError(new TypeError("x is not a function"), { io, json: false })).toBe(70);
    expect(io.stderr.text).toMatch(/^safepoint: unexpected fault: x is not a function\nhint: .+\n$/);
    const verbose = fakeIo({ cwd, env: { SAFEPOINT_DEBUG: "1" } });
    await reportError(new TypeError("x is not a function"), { io: verbose, json: false });
    expect(verbose.stderr.text).toContain("main.test.ts");
  });
});
