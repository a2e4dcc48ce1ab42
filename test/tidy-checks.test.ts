/** Every tidy check can fail: shown on samples that break its rule, next to samples that keep it. */
import { describe, expect, it } from "vitest";
import { checkArrows, checkCycles, checkPackages } from "./tidy/arrows.ts";
import { checkLock, checkName, checkSelection, checkText } from "./tidy/hygiene.ts";
import { checkDoors, checkListOfExports, checkRoomReadme, doorsOf, roomsOf } from "./tidy/layout.ts";
import { checkPurity } from "./tidy/purity.ts";
import { checkFileSize, checkFunctions, FILE_LINES_MAX, FUNCTION_LINES_MAX } from "./tidy/sizes.ts";
import { importsOf, parseOne, parseSources } from "./tidy/syntax.ts";
import { checkTable, tableRows } from "./tidy/tables.ts";

/** Some files are written in pieces, so that the checks of the real repository do not find the samples. */
const join = (...pieces: string[]) => pieces.join("");

describe("imports", () => {
  it("are found in every form, and told apart from types", () => {
    const file = parseOne(
      "src/graph/sample.ts",
      `import type { A } from "./a.ts";
       import { type B, c } from "./c.ts";
       import "./side-effect.ts";
       export type { D } from "./d.ts";
       export { e } from "./e.ts";
       const f = () => import("./f.ts");
       type G = import("./g.ts").G;`,
    );
    expect(importsOf(file).map(({ specifier, typeOnly, line }) => [specifier, typeOnly, line])).toEqual([
      ["./a.ts", true, 1],
      ["./c.ts", false, 2],
      ["./side-effect.ts", false, 3],
      ["./d.ts", true, 4],
      ["./e.ts", false, 5],
      ["./f.ts", false, 6],
      ["./g.ts", true, 7],
    ]);
  });
});

describe("arrows", () => {
  const check = (path: string, code: string) => checkArrows(parseOne(path, code));

  it.each([
    ["src/machines/a.ts", `import { x } from "../graph/graph.ts";`],
    ["src/machines/a.ts", `import { formatStage } from "../journal/address.ts";`],
    ["src/graph/a.ts", `import { SafepointError } from "../errors.ts";`],
    ["src/journal/a.ts", `import type { Graph } from "../graph/graph.ts";`],
    ["src/actors/a.ts", `import type { Store } from "../persistence/store.ts";`],
    ["src/index.ts", `export { x } from "./runtime/create-runtime.ts";`],
    ["src/pipeline.ts", `import { x } from "./runtime/create-runtime.ts";`],
    ["src/persistence/sqlite/a.ts", `import { x } from "../codec.ts";`],
    ["src/testing/a.ts", `import { x } from "../persistence/memory/index.ts";`],
  ])("are kept by %s: %s", (path, code) => expect(check(path, code)).toEqual([]));

  it.each([
    ["src/graph/a.ts", `import { x } from "../machines/stage.machine.ts";`, "no arrow from graph to machines"],
    ["src/machines/a.ts", `import type { S } from "../persistence/store.ts";`, "no arrow from machines to persistence"],
    ["src/machines/a.ts", `import { CATALOGUE } from "../journal/catalogue.ts";`, "only types of journal"],
    ["src/journal/a.ts", `import { isSuccessStatus } from "../graph/outcome.ts";`, "only types of graph"],
    ["src/actors/a.ts", `import { x } from "../persistence/memory/index.ts";`, "no arrow from actors to persistence"],
    ["src/runtime/a.ts", `import { definePipeline } from "../pipeline.ts";`, "no arrow from runtime to pipeline.ts"],
    ["src/runtime/a.ts", `const x = () => import("../cli/main.ts");`, "no arrow from runtime to cli"],
    ["src/errors.ts", `import { x } from "./graph/graph.ts";`, "import no room"],
    ["src/persistence/memory/a.ts", `import { x } from "../sqlite/rows.ts";`, "another store"],
    ["src/cli/a.ts", `import { x } from "../../test/tidy/sources.ts";`, "only src/"],
    ["src/cli/a.ts", `import { x } from "./main.js";`, "names its file"],
    ["src/novel/a.ts", `import { x } from "../graph/graph.ts";`, "no arrow from novel"],
  ])("are broken by %s: %s", (path, code, problem) => expect(check(path, code).join()).toContain(problem));

  it("see a circle of modules, and none in types", () => {
    const circle = (kind: string) =>
      parseSources([
        { path: "src/graph/a.ts", text: `import { b } from "./b.ts";` },
        { path: "src/graph/b.ts", text: `import { c } from "./c.ts";` },
        { path: "src/graph/c.ts", text: `import ${kind} { a } from "./a.ts";` },
      ]);
    expect(checkCycles(circle(""))).toEqual([
      "import cycle: src/graph/a.ts -> src/graph/b.ts -> src/graph/c.ts -> src/graph/a.ts",
    ]);
    expect(checkCycles(circle("type"))).toEqual([]);
    const later = [
      { path: "src/cli/a.ts", text: `const b = () => import("./b.ts");` },
      { path: "src/cli/b.ts", text: `import { a } from "./a.ts";` },
    ];
    expect(checkCycles(parseSources(later))).toEqual([]);
  });
});

describe("packages", () => {
  const check = (path: string, code: string) => checkPackages(parseOne(path, code)).join();

  it("stay in their folders", () => {
    expect(check("src/machines/xstate.ts", `import { setup } from "xstate";`)).toBe("");
    expect(check("src/machines/run.machine.ts", `import { setup } from "xstate";`)).toContain(
      "used only in machines/xstate.ts",
    );
    expect(check("src/cli/a.ts", `import { Observable } from "rxjs/operators";`)).toContain("rxjs");
    expect(check("src/cli/a.ts", `const v = await import("@viz-js/viz");`)).toContain("@viz-js/viz");
    expect(check("src/runtime/a.ts", `import { DatabaseSync } from "node:sqlite";`)).toContain("persistence/sqlite/");
    expect(check("src/runtime/a.ts", `import { join } from "node:path";`)).toBe("");
  });

  it("are listed", () => expect(check("src/cli/a.ts", `import x from "left-pad";`)).toContain("does not list"));
});

describe("purity", () => {
  const check = (path: string, code: string) => checkPurity(parseOne(path, code));

  it.each([
    "const t = Date.now();",
    "const t = new Date();",
    "const t = Date();",
    "const r = Math.random();",
    "setTimeout(() => {}, 1);",
    "console.log(1);",
    "const e = process.env;",
    "const { env } = process;",
    "const o = { process };",
    `import { readFileSync } from "node:fs";`,
    `import { createHash } from "node:crypto";`,
    "const id = globalThis.crypto.randomUUID();",
  ])("forbids %s in a pure room, and only there", (code) => {
    for (const room of ["graph", "machines", "journal"]) expect(check(`src/${room}/a.ts`, code)).toHaveLength(1);
    expect(check("src/actors/a.ts", code)).toEqual([]);
  });

  it.each([
    "const t = new Date(atMs).toISOString();",
    "const m = Math.max(1, 2);",
    "interface Row { readonly process: string; fetch(): void }",
    "const row = { process: 1, console: 2 }; row.process;",
  ])("allows %s", (code) => expect(check("src/graph/a.ts", code)).toEqual([]));

  it.each([
    "export const m = createMachine({ states: { a: { after: { 100: 'b' } } } });",
    "export const m = createMachine({ states: { a: { invoke: { src: 'x' } } } });",
    "export const m = createMachine({ states: { a: { invoke: [{ src: 'x' }] } } });",
    "raise({ type: 'A' }, { delay: 10 });",
    "sendTo('b', { type: 'A' }, { id: 'x', delay: 10 });",
    "const logic = fromPromise(work);",
    "createActor(machine).start();",
  ])("forbids charts that act by themselves: %s", (code) => {
    expect(check("src/machines/a.ts", code)).toHaveLength(1);
  });

  it("allows an audit entry's `after`", () => {
    expect(
      check("src/machines/a.ts", "const data = { before: a, after: b, delayMs: 1 }; raise({ type: 'A' });"),
    ).toEqual([]);
  });
});

describe("sizes", () => {
  const lines = (count: number) => "  f();\n".repeat(count);

  it("limit files", () => {
    expect(checkFileSize({ path: "a.ts", text: "x\n".repeat(FILE_LINES_MAX) })).toEqual([]);
    expect(checkFileSize({ path: "a.ts", text: "x\n".repeat(FILE_LINES_MAX + 1) })).toHaveLength(1);
  });

  it.each([
    ["function long()", (body: string) => `/** What it does.\n * More. */\nfunction long() {\n${body}}`],
    ["const long =", (body: string) => `const long = () => {\n${body}};`],
    ["a method", (body: string) => `class A {\n  long() {\n${body}}\n}`],
    ["a constructor", (body: string) => `class A {\n  constructor() {\n${body}}\n}`],
  ])("limit %s, its comment not counted", (_name, wrap) => {
    expect(checkFunctions(parseOne("src/graph/a.ts", wrap(lines(FUNCTION_LINES_MAX - 2))))).toEqual([]);
    expect(checkFunctions(parseOne("src/graph/a.ts", wrap(lines(FUNCTION_LINES_MAX - 1)))).join()).toContain(
      "71 lines",
    );
  });

  it("do not count lists of tests", () => {
    const long = `export function testLeases() {\n${lines(FUNCTION_LINES_MAX)}}`;
    expect(checkFunctions(parseOne("src/testing/store-conformance-leases.ts", long))).toEqual([]);
    expect(checkFunctions(parseOne("src/testing/fault-store.ts", long))).toHaveLength(1);
  });

  it("limit what is told by position", () => {
    expect(checkFunctions(parseOne("a.ts", "function f(this: A, a: 1, b: 2, c: 3) {}"))).toEqual([]);
    expect(checkFunctions(parseOne("a.ts", "const f = (a: 1, b: 2, c: 3, d: 4) => a;")).join()).toContain("f takes 4");
    expect(checkFunctions(parseOne("a.ts", "interface F { f(a: 1, b: 2, c: 3, d: 4): void }"))).toEqual([]);
  });
});

describe("rooms and doors", () => {
  const readme = (text: string) => ({ path: "src/graph/README.md", text });

  it("a room says what it is", () => {
    expect(checkRoomReadme("graph", undefined)).toEqual(["src/graph has no README.md"]);
    expect(checkRoomReadme("graph", readme(`# graph\n\nIt may import errors.\n${"line\n".repeat(8)}`))).toEqual([]);
    expect(checkRoomReadme("graph", readme("# graph\n\nIt may import errors.\n")).join()).toContain("3 lines");
    expect(checkRoomReadme("graph", readme(`# graph\nmay import\n${"line\n".repeat(40)}`)).join()).toContain(
      "42 lines",
    );
    expect(checkRoomReadme("graph", readme("line\n".repeat(12)))).toHaveLength(2);
  });

  it("rooms are found by their code", () => {
    expect(roomsOf(["src/graph/a.ts", "src/index.ts", "src/web/README.md", "src/a/b/c.ts"])).toEqual(["a", "graph"]);
  });

  it("doors exist, and no other barrel does", () => {
    const manifest = { exports: { ".": { default: "./dist/index.js" }, "./package.json": "./package.json" } };
    const doors = doorsOf({ path: "package.json", text: JSON.stringify(manifest) });
    expect(doors).toEqual(["src/index.ts"]);
    expect(checkDoors(["src/index.ts", "src/graph/index.ts"], doors)).toEqual([]);
    expect(checkDoors(["src/actors/index.ts"], doors)).toHaveLength(2);
  });

  it("a door is a list", () => {
    const check = (text: string) => checkListOfExports(parseOne("src/index.ts", text));
    expect(check(`export { a } from "./a.ts";\nexport type { B } from "./b.ts";`)).toEqual([]);
    expect(check(`export * from "./a.ts";`)).toHaveLength(1);
    expect(check("export const a = 1;")).toHaveLength(1);
  });
});

describe("hygiene", () => {
  it.each([
    "src/graph/to-dot.ts",
    "docs/decisions/0001-turns.md",
    "README.md",
    ".ci/run",
    "test/a.property.test.ts",
    "LICENSE",
  ])("accepts the name %s", (path) => expect(checkName(path)).toEqual([]));

  it.each([
    "src/graph/toDot.ts",
    "src/Graph/a.ts",
    "src/graph/to_dot.ts",
    "src/utils/a.ts",
    "src/graph/helpers.ts",
    "src/graph/types.ts",
  ])("refuses the name %s", (path) => expect(checkName(path)).not.toEqual([]));

  it.each([
    join("see /wo", "rk/main/src"),
    join("in /ho", "me/someone/project"),
    join("in C:\\Us", "ers\\someone"),
    join("https://regis", "try.npmjs.org/xstate"),
    join("// FIX", "ME later"),
    join("// X", "XX"),
  ])("refuses the text %s", (text) => expect(checkText({ path: "a.ts", text: `fine\n${text}\n` })).toHaveLength(1));

  it.each(["GET /runs/home/x", "../shared/corpus/a.dot", "a/work/b", "`$" + "{base}/work/x`"])(
    "accepts the text %s",
    (text) => expect(checkText({ path: "a.ts", text })).toEqual([]),
  );

  it("refuses a lock file without the optional packages of other platforms", () => {
    const lock = (...names: string[]) => ({
      path: "package-lock.json",
      text: JSON.stringify({
        packages: {
          "node_modules/a": { optionalDependencies: { "@a/linux": "1.0.0", "@a/darwin": "1.0.0" } },
          ...Object.fromEntries(names.map((name) => [name, {}])),
        },
      }),
    });
    expect(checkLock(lock("node_modules/@a/linux", "node_modules/a/node_modules/@a/darwin"))).toEqual([]);
    expect(checkLock(lock("node_modules/@a/linux"))).toEqual([
      "package-lock.json: @a/darwin of node_modules/a is left out",
    ]);
  });

  it("refuses a lock file tied to one registry", () => {
    const lock = (entry: object) => ({ path: "package-lock.json", text: JSON.stringify({ packages: { a: entry } }) });
    expect(checkLock(lock({ version: "1.0.0", integrity: "sha512-x" }))).toEqual([]);
    expect(checkLock(lock({ version: "1.0.0", resolved: "https://example.test/a.tgz" }))).toHaveLength(1);
  });

  it.each([
    "it.only('x', f)",
    "describe.skip('x', f)",
    "test.todo('x')",
    "it.each([1]).only('x', f)",
    "it.skipIf(a)('x', f)",
    "xit('x', f)",
  ])("refuses %s", (code) => expect(checkSelection(parseOne("test/a.test.ts", code))).toHaveLength(1));

  it("accepts other things of these names", () => {
    const code = "list.skip(3); it('x', f); it.each([1])('x', f); readonly.only; if (a) it('y', f);";
    expect(checkSelection(parseOne("test/a.test.ts", code))).toEqual([]);
  });
});

describe("tables", () => {
  const markdown =
    "text\n\n| code | exit |\n|---|---|\n| `usage` | 2 |\n| `a\\|b` | 3 |\n\n| other |\n| :-- |\n| x |\n";

  it("are read without headings", () => {
    expect(tableRows(markdown)).toEqual([["usage", "2"], ["a|b", "3"], ["x"]]);
  });

  it("are compared both ways", () => {
    const documented = [
      ["a", "1", "words"],
      ["b", "2", "words"],
    ];
    expect(
      checkTable("t.md", documented, [
        ["a", "1"],
        ["b", "2"],
      ]),
    ).toEqual([]);
    expect(
      checkTable("t.md", documented, [
        ["a", "1"],
        ["b", "3"],
      ]),
    ).toEqual(["t.md says b 2; the code says b 3"]);
    expect(checkTable("t.md", documented, [["a"]])).toEqual(["t.md documents b, which the code does not have"]);
    expect(checkTable("t.md", [["a"]], [["a"], ["c"]])).toEqual(["t.md does not document c"]);
    expect(checkTable("t.md", [["a"], ["a"]], [["a"]])).toEqual(["t.md documents a twice"]);
  });
});
