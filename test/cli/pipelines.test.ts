import { describe, expect, it } from "vitest";
import { HELLO, run, tempDir } from "./fake-io.ts";

const BROKEN = `digraph broken {
  start [shape=Mdiamond]
  build [prompt="x"
  start -> build
}
`;
const UNSOUND = `digraph unsound {
  build [prompt="x", promt="y"]
  build -> exit
  exit [shape=Msquare]
}
`;

describe("parse", () => {
  it("prints the pipeline as JSON", async () => {
    const { code, stdout, stderr } = await run("parse hello.dot", { cwd: tempDir({ "hello.dot": HELLO }) });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(stdout)).toEqual({
      name: "hello",
      attributes: { goal: "say hello" },
      nodes: [
        { id: "start", type: "start", attributes: { shape: "Mdiamond" } },
        { id: "greet", type: "codergen", attributes: { prompt: "Greet" } },
        { id: "exit", type: "exit", attributes: { shape: "Msquare" } },
      ],
      edges: [
        { from: "start", to: "greet", attributes: {} },
        { from: "greet", to: "exit", attributes: {} },
      ],
      subgraphs: [],
    });
  });

  it("reads stdin", async () => {
    const { code, stdout } = await run("parse -", { cwd: tempDir(), stdin: HELLO });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ name: "hello" });
  });

  it("shows where a text cannot be read, with a caret", async () => {
    const { code, stdout, stderr } = await run("parse broken.dot", { cwd: tempDir({ "broken.dot": BROKEN }) });
    expect({ code, stdout }).toEqual({ code: 65, stdout: "" });
    expect(stderr).toMatch(/broken\.dot:4:\d+: .+\n {2}4 \| {3}start -> build\n {4}\| +\^/);
  });

  it.each([
    ["nowhere.dot", 66, "file_not_found"],
    [".", 2, "usage"],
  ])("of %s exits %i", async (file, code, name) => {
    const result = await run(`parse ${file} --json`, { cwd: tempDir() });
    expect(result.code).toBe(code);
    expect(JSON.parse(result.stderr).error.code).toBe(name);
  });
});

describe("validate", () => {
  const files = { "hello.dot": HELLO, "broken.dot": BROKEN, "unsound.dot": UNSOUND };

  it("with --json is an array, also of one", async () => {
    const { code, stdout, stderr } = await run("validate hello.dot --json", { cwd: tempDir(files) });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(stdout)).toEqual([{ file: "hello.dot", ok: true, diagnostics: [] }]);
  });

  it("of many files exits 65 if any has an error, and speaks of all", async () => {
    const { code, stdout } = await run("lint hello.dot broken.dot unsound.dot --json", { cwd: tempDir(files) });
    expect(code).toBe(65);
    const documents = JSON.parse(stdout) as { file: string; ok: boolean; diagnostics: Record<string, unknown>[] }[];
    expect(documents.map(({ file, ok }) => [file, ok])).toEqual([
      ["hello.dot", true],
      ["broken.dot", false],
      ["unsound.dot", false],
    ]);
    expect(documents[1]?.diagnostics).toMatchObject([{ rule: "syntax", severity: "error", line: 4 }]);
    for (const diagnostic of documents[2]?.diagnostics ?? []) {
      expect(Object.keys(diagnostic)).toEqual(
        expect.arrayContaining(["rule", "severity", "message", "line", "column"]),
      );
    }
  });

  it("for people shows lines with carets and a count", async () => {
    const { code, stdout } = await run("validate hello.dot unsound.dot", { cwd: tempDir(files) });
    expect(code).toBe(65);
    expect(stdout).toMatch(/^hello\.dot: ok\n/);
    expect(stdout).toMatch(/unsound\.dot:\d+:\d+: error \[start_node\] .+\n +\d+ \| .+\n +\| +\^/);
    expect(stdout).toMatch(/unsound\.dot:2:\d+: warning \[unknown_attribute\] .*promt/);
    expect(stdout).toMatch(/unsound\.dot: 1 error.*, 1 warning/);
  });

  it("knows the types of a handler module", async () => {
    const cwd = tempDir({
      "own.dot": "digraph { start [shape=Mdiamond]; a [type=review]; exit [shape=Msquare]; start -> a -> exit }",
      "handlers.mjs": "export const handlers = { review: async () => 'fine' };",
    });
    expect((await run("validate own.dot", { cwd })).code).toBe(65);
    expect((await run("validate own.dot --handlers handlers.mjs", { cwd })).code).toBe(0);
  });
});

describe("graph", () => {
  const cwd = () => tempDir({ "hello.dot": HELLO });

  it.each([
    ["dot", /^digraph "hello" \{/],
    ["mermaid", /^flowchart TD\n {2}n0\(\["start"\]\)/],
    ["svg", /<svg [\s\S]+<\/svg>\n$/],
    ["json", /^\{\n {2}"name": "hello"/],
  ])("as %s", async (format, expected) => {
    const { code, stdout, stderr } = await run(`graph hello.dot --format ${format}`, { cwd: cwd() });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(expected);
  });

  it("is SVG unless something else is asked for", async () => {
    expect((await run("graph hello.dot", { cwd: cwd() })).stdout).toContain("<svg");
  });

  it("refuses an unknown format, no file, and more nodes than eyes can read", async () => {
    expect((await run("graph hello.dot --format png", { cwd: cwd() })).code).toBe(2);
    expect((await run("graph", { cwd: cwd() })).code).toBe(2);
    const chain = Array.from({ length: 2_100 }, (_, index) => `n${index}`).join(" -> ");
    const big = tempDir({ "big.dot": `digraph { ${chain} }` });
    expect((await run("graph big.dot", { cwd: big })).code).toBe(65);
    expect((await run("graph big.dot --format dot", { cwd: big })).code).toBe(0);
  });
});

describe("inspect of a file", () => {
  it("prints the three statecharts", async () => {
    const { code, stdout } = await run("inspect hello.dot", { cwd: tempDir({ "hello.dot": HELLO }) });
    expect(code).toBe(0);
    expect(Object.keys(JSON.parse(stdout))).toEqual(["run", "branch", "stage"]);
  });

  it("prints one as a document of its own", async () => {
    const cwd = tempDir({ "hello.dot": HELLO });
    const chart = await run("inspect hello.dot --chart stage --format statechart-json", { cwd });
    expect(JSON.parse(chart.stdout)).toMatchObject({ id: "stage", states: expect.any(Object) });
    const mermaid = await run("inspect hello.dot --chart run --format mermaid", { cwd });
    expect(mermaid.stdout).toMatch(/^stateDiagram-v2/);
  });

  it("draws all three as one document", async () => {
    const cwd = tempDir({ "hello.dot": HELLO });
    const svg = (await run("inspect hello.dot --format svg", { cwd })).stdout;
    expect(svg.match(/<\?xml/g)).toHaveLength(1);
    expect(svg.match(/<svg /g)).toHaveLength(1);
    const mermaid = (await run("inspect hello.dot --format mermaid", { cwd })).stdout;
    expect(mermaid.match(/stateDiagram-v2/g)).toHaveLength(1);
    for (const name of ["run", "branch", "stage"]) {
      expect(svg).toContain(`<title>cluster ${name}</title>`);
      expect(mermaid).toContain(`\n  state "${name}" as ${name}\n  state ${name} {\n`);
    }
  });
});
