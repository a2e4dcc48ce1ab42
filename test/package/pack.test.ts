/** The package as it is published: packed, installed into an empty project, and used from there. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOT } from "../tidy/sources.ts";
import { build, manifest, run, runWell } from "./commands.ts";

const bin = (name: string) => join(ROOT, "node_modules", ".bin", name);
const { name, version, exports: doors } = manifest();

let dir: string;
let tarball: string;
let packed: { files: { path: string; mode: number }[] };
let project: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "safepoint-pack-"));
  await build();
  const pack = await runWell("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", dir], { cwd: ROOT });
  [packed] = JSON.parse(pack.stdout) as [typeof packed];
  tarball = join(dir, `${name}-${version}.tgz`);
  project = await mkdtemp(join(dir, "project-"));
  await writeFile(
    join(project, "package.json"),
    '{ "name": "empty", "version": "1.0.0", "type": "module", "private": true }\n',
  );
  const flags = ["--prefer-offline", "--no-audit", "--no-fund", "--no-package-lock"];
  await runWell("npm", ["install", tarball, ...flags], { cwd: project, timeoutMs: 120_000 });
}, 180_000);

afterAll(async () => await rm(dir, { recursive: true, force: true }));

describe("the tarball", () => {
  it("holds what is needed and nothing else", () => {
    const paths = packed.files.map((file) => file.path);
    expect(paths).toEqual(
      expect.arrayContaining([
        "package.json",
        "README.md",
        "LICENSE",
        "CHANGELOG.md",
        "dist/cli/bin.js",
        "dist/web/index.html",
      ]),
    );
    const shipped =
      /^(?:package\.json|README\.md|LICENSE|CHANGELOG\.md|dist\/.+(?:\.js|\.d\.ts)|dist\/web\/.+\.(?:html|css|svg))$/;
    expect(paths.filter((path) => !shipped.test(path))).toEqual([]);
  });

  it("is clean to publint", async () => {
    const lint = await run(bin("publint"), ["run", tarball, "--strict"], { cwd: ROOT });
    expect(lint.stdout + lint.stderr).toContain("All good!");
    expect(lint.code).toBe(0);
  });

  it("has types that resolve, for ES modules", async () => {
    const checked = await run(bin("attw"), [tarball, "--profile", "esm-only", "--format", "ascii"], { cwd: ROOT });
    expect(checked.code, checked.stdout + checked.stderr).toBe(0);
  });
});

describe("installed into an empty project", () => {
  it("opens every door of the exports map", async () => {
    const specifiers = Object.keys(doors).filter((door) => door !== "./package.json");
    const imports = specifiers.map(
      (door) => `import * as d${specifiers.indexOf(door)} from "${door.replace(".", name)}";`,
    );
    const counts = specifiers.map((door, index) => `[${JSON.stringify(door)}, Object.keys(d${index}).length]`);
    await writeFile(join(project, "doors.mjs"), `${imports.join("\n")}\nconsole.log(JSON.stringify([${counts}]));\n`);
    const { stdout, stderr } = await runWell("node", ["doors.mjs"], { cwd: project });
    for (const [door, exported] of JSON.parse(stdout) as [string, number][])
      expect([door, exported > 0]).toEqual([door, true]);
    expect(stderr).toBe("");
  });

  it("runs a pipeline of three stages through the library", async () => {
    await writeFile(join(project, "library.mjs"), LIBRARY);
    const { stdout, stderr } = await runWell("node", ["library.mjs"], { cwd: project });
    expect(JSON.parse(stdout)).toEqual({ status: "completed", letters: "abc", done: ["one", "two", "three"] });
    expect(stderr).toBe("");
  });

  it("serves the dashboard", async () => {
    const server = spawn(
      "node",
      [join(project, "node_modules", ".bin", "safepoint"), "serve", "--port", "0", "--json"],
      {
        cwd: project,
      },
    );
    try {
      let printed = "";
      for await (const bytes of server.stdout) {
        printed += String(bytes);
        if (printed.trimEnd().endsWith("}")) break;
      }
      const { url } = JSON.parse(printed) as { url: string };
      const page = await (await fetch(url)).text();
      const script = /<script type="module"[^>]* src="([^"]+)"/.exec(page)?.[1] ?? "no script";
      const answer = await fetch(new URL(script, `${url}/`));
      expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/javascript; charset=utf-8"]);
    } finally {
      const ended = once(server, "exit");
      server.kill("SIGTERM");
      await ended;
    }
  });

  it("gives its users types that hold under the strictest options", async () => {
    await writeFile(join(project, "typed.ts"), TYPED);
    const options = [
      "--noEmit",
      "--strict",
      "--exactOptionalPropertyTypes",
      "--noUncheckedIndexedAccess",
      "--skipLibCheck",
    ];
    const modules = [
      "--module",
      "nodenext",
      "--target",
      "es2024",
      "--types",
      "",
      "--lib",
      "es2024,esnext.disposable,dom",
    ];
    const compiled = await run(bin("tsc"), [...options, ...modules, "typed.ts"], { cwd: project });
    expect(compiled.stdout).toBe("");
    expect(compiled.code).toBe(0);
  });

  it("validates and runs from the command line", async () => {
    await writeFile(join(project, "hello.dot"), HELLO);
    const npx = (...args: string[]) => run("npx", ["--no-install", "safepoint", ...args], { cwd: project });
    const valid = await npx("validate", "hello.dot", "--json");
    expect(valid.code, valid.stderr).toBe(0);
    const ran = await npx("run", "hello.dot", "--run-id", "hello", "--json");
    expect(ran.code, ran.stderr).toBe(0);
    expect(JSON.parse(ran.stdout)).toMatchObject({ runId: "hello", status: "completed" });
    const shown = await npx("show", "hello", "--json");
    expect(JSON.parse(shown.stdout)).toMatchObject({ runId: "hello", status: "completed" });
    const said = await npx("--version");
    expect(said.stdout.trim()).toBe(version);
    expect(await readdir(join(project, ".safepoint"))).toContain("safepoint.db");
  });
});

const LIBRARY = `
import { createRuntime, parsePipeline } from "safepoint";
import { sqliteStore } from "safepoint/sqlite";

const append = ({ node, context }) => ({
  status: "success",
  contextUpdates: { letters: (context.get("letters") ?? "") + node.attributes.letter },
});
const runtime = await createRuntime({ store: sqliteStore("library.db"), handlers: { append } });
const run = await runtime.start(parsePipeline(\`digraph three {
  node [type=append]
  start [shape=Mdiamond, type=start]; done [shape=Msquare, type=exit]
  one [letter=a]; two [letter=b]; three [letter=c]
  start -> one -> two -> three -> done
}\`));
const view = await run.finished();
const { letters } = await run.context();
const done = view.stages.filter((stage) => stage.status === "succeeded" && stage.attempt > 0).map((stage) => stage.node);
console.log(JSON.stringify({ status: view.status, letters, done }));
await runtime.stop();
`;

const TYPED = `
import { createRuntime, definePipeline, isSafepointError, type Run } from "safepoint";
import { statecharts, statechartJson } from "safepoint/inspect";
import { memoryStore } from "safepoint/memory";
import { sqliteStore } from "safepoint/sqlite";

export async function example(durable: boolean): Promise<string> {
  const runtime = await createRuntime({
    store: durable ? sqliteStore("typed.db") : memoryStore(),
    handlers: { greet: async ({ context, signal }) => ({ status: signal.aborted ? "fail" : "success", notes: String(context.get("name")) }) },
  });
  const run: Run = await runtime.start(definePipeline("typed", (p) => {
    p.start("start");
    p.exit("done");
    p.chain("start", "done");
  }));
  const view = await run.finished().catch((error: unknown) => {
    if (isSafepointError(error)) throw new Error(error.code);
    throw error;
  });
  await runtime.stop();
  return view.status + JSON.stringify(statechartJson(statecharts.run));
}
`;

const HELLO = `digraph hello {
  goal = "greet"
  start [shape=Mdiamond]
  greet [shape=parallelogram, tool_command="echo hello"]
  check [shape=diamond]
  thank [prompt="Say thanks."]
  done [shape=Msquare]
  start -> greet -> check
  check -> thank [condition="outcome=success"]
  check -> done
  thank -> done
}
`;
