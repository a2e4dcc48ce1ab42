import { describe, expect, it } from "vitest";
import { parsePipeline } from "../../src/graph/parser.ts";
import { drawDot } from "../../src/inspect/draw.ts";
import { overlayOf } from "../../src/runtime/queries/draw/node-states.ts";
import { pipelineDocument } from "../../src/runtime/queries/draw/pipeline-document.ts";
import { pipelineDot } from "../../src/runtime/queries/draw/pipeline-dot.ts";
import { pipelineMermaid } from "../../src/runtime/queries/draw/pipeline-mermaid.ts";
import { DEMO_SOURCE, demoStore, entry, writeTurns } from "./stored-run.ts";

const demo = parsePipeline(DEMO_SOURCE);
const NASTY = 'a "quoted" \\N <b>& #35; `x` |{}[]();%% \n second line';
const nasty = parsePipeline(`digraph nasty {
  start [shape=Mdiamond]
  "node; end" [label=${JSON.stringify(NASTY)}]
  exit [shape=Msquare]
  subgraph cluster_loop { label="inner \\"one\\""; body [type=codergen] }
  start -> "node; end" [label="say \\"go\\" | stop"]
  "node; end" -> body -> exit
}`);

describe("overlayOf", () => {
  it("has each node's last state and the edges taken", async () => {
    const { nodes, edges } = await overlayOf(await demoStore(2), "demo");
    expect(Object.fromEntries(nodes)).toEqual({ start: "succeeded", build: "backing_off" });
    expect(Object.fromEntries(edges)).toEqual({ 0: 1 });
    const whole = await overlayOf(await demoStore(), "demo");
    expect(Object.fromEntries(whole.nodes)).toEqual({
      start: "succeeded",
      build: "succeeded",
      check: "succeeded",
      deploy: "succeeded",
      exit: "succeeded",
    });
    expect([...whole.edges.keys()].toSorted()).toEqual([0, 1, 2, 4]);
  });

  it("lets main speak for a node that several branches visit", async () => {
    const store = await demoStore(2);
    const inBranch = { branch: "main/fan@1/0", stage: "main/fan@1/0/build@1" };
    await writeTurns(store, "demo", [
      { entries: [entry("stage.succeeded", { outcome: { status: "success" } }, inBranch)] },
    ]);
    expect((await overlayOf(store, "demo")).nodes.get("build")).toBe("backing_off");
  });
});

describe("an overlay of branches", () => {
  const fan = "main/fan@1";
  const start = (index: number) => {
    const branch = `${fan}/${index}`;
    return entry("branch.started", { activation: fan, index, head: "build", branchRunId: `${branch}~0` }, { branch });
  };
  const stage = (index: number, visit = 1) => ({
    branch: `${fan}/${index}`,
    stage: `${fan}/${index}/deploy@${visit}`,
    attempt: 1,
    execution: `${fan}/${index}/deploy@${visit}#1.1`,
  });
  const begins = (index: number, visit = 1) => entry("stage.started", {}, stage(index, visit));
  const succeeds = (index: number, visit = 1) =>
    entry("stage.succeeded", { outcome: { status: "success" } }, stage(index, visit));
  const fails = (index: number, visit = 1) =>
    entry("stage.failed", { outcome: { status: "fail" }, code: "fail" }, stage(index, visit));
  const overlayAfter = async (...entries: ReturnType<typeof entry>[]) => {
    const store = await demoStore(1);
    await writeTurns(store, "demo", [{ entries }]);
    return overlayOf(store, "demo");
  };

  it("counts branches by what their last visit came to, and lets what goes on give the colour", async () => {
    const overlay = await overlayAfter(
      ...[0, 1, 2, 3].map((index) => begins(index)),
      ...[succeeds(0), fails(1), fails(2), begins(2, 2)],
    );
    expect(overlay.counts.get("deploy")).toEqual({ done: 1, running: 2, failed: 1, cancelled: 0 });
    expect(overlay.nodes.get("deploy")).toBe("running");
    expect(overlay.counts.has("build")).toBe(false);
  });

  it("is failed where one failed and nothing goes on, and not where it was made good", async () => {
    const bad = await overlayAfter(begins(0), succeeds(0), begins(1), fails(1));
    expect([bad.nodes.get("deploy"), bad.counts.get("deploy")]).toMatchObject(["failed", { done: 1, failed: 1 }]);
    const good = await overlayAfter(begins(0), succeeds(0), begins(1), fails(1), begins(1, 2), succeeds(1, 2));
    expect([good.nodes.get("deploy"), good.counts.get("deploy")]).toMatchObject(["succeeded", { done: 2, failed: 0 }]);
  });

  it("is written into every format, and the ways into branches are taken", async () => {
    const overlay = await overlayAfter(start(0), start(1), begins(0), begins(1), succeeds(1));
    const fanned = parsePipeline(`digraph fanned {
      start [shape=Mdiamond]; fan [shape=component]; exit [shape=Msquare]
      start -> fan -> build -> deploy -> exit
    }`);
    const dot = pipelineDot(fanned, overlay);
    expect(dot).toContain('label="deploy\\n1 done, 1 running"');
    expect(dot).toContain('"fan" -> "build" [class="taken", color="#1f6fd1", penwidth="2", label="×2"]');
    expect(pipelineMermaid(fanned, overlay)).toContain('["deploy<br/>1 done, 1 running"]');
    const document = pipelineDocument(fanned, overlay);
    expect(document.nodes.find(({ id }) => id === "deploy")).toMatchObject({
      state: "running",
      counts: { done: 1, running: 1 },
    });
    expect(document.edges.find(({ from, to }) => from === "fan" && to === "build")).toMatchObject({ taken: 2 });
    expect(await drawDot(dot)).toContain("1 done, 1 running");
  });
});

describe("pipelineDot", () => {
  it("shows labels, conditions and clusters", () => {
    expect(pipelineDot(demo)).toMatchInlineSnapshot(`
      "digraph "demo" {
        graph [fontname="Helvetica", rankdir="TB"];
        node [fontname="Helvetica", style="filled", fillcolor="#ffffff"];
        edge [fontname="Helvetica", fontsize="10"];
        "start" [label="start", shape="Mdiamond", tooltip="start (start)"];
        "build" [label="build", shape="box", tooltip="build (codergen)"];
        "check" [label="check", shape="diamond", tooltip="check (conditional)"];
        "deploy" [label="deploy", shape="box", tooltip="deploy (codergen)"];
        "exit" [label="exit", shape="Msquare", tooltip="exit (exit)"];
        "start" -> "build";
        "build" -> "check";
        "check" -> "deploy" [label="outcome=success"];
        "check" -> "build" [label="outcome=fail"];
        "deploy" -> "exit";
      }
      "
    `);
  });

  it("is drawn by Graphviz, with states as colour and class, and labels letter by letter", async () => {
    const svg = await drawDot(pipelineDot(demo, await overlayOf(await demoStore(4), "demo")));
    expect(svg).toContain('class="node succeeded"');
    expect(svg).toContain('class="node running"');
    expect(svg).toContain('class="edge taken"');
    const odd = await drawDot(pipelineDot(nasty));
    expect(odd).toContain("&quot;quoted&quot; \\N &lt;b&gt;&amp; #35;");
    expect(odd).toContain("second line");
    expect(odd).not.toContain("<b>");
    expect(odd).toContain("inner &quot;one&quot;");
  });
});

describe("pipelineMermaid", () => {
  it("numbers nodes and marks states", async () => {
    expect(pipelineMermaid(demo, await overlayOf(await demoStore(2), "demo"))).toMatchInlineSnapshot(`
      "flowchart TD
        n0(["start"])
        n1["build"]
        n2{"check"}
        n3["deploy"]
        n4((("exit")))
        n0 ==> n1
        n1 --> n2
        n2 -->|"outcome=success"| n3
        n2 -->|"outcome=fail"| n1
        n3 --> n4
        classDef succeeded fill:#d3f2d8,stroke:#22863a,color:#111111
        class n0 succeeded
        classDef backing_off fill:#ffe3c2,stroke:#c26a00,color:#111111
        class n1 backing_off
      "
    `);
  });

  it("lets no label end itself or begin another thing", () => {
    const text = pipelineMermaid(nasty);
    const labels = [...text.matchAll(/"([^"]*)"/g)].map((match) => match[1] ?? "");
    expect(labels).toContain(
      "a #34;quoted#34; #92;N #60;b#62;#38; #35;35#59; #96;x#96; #124;#123;#125;#91;#93;#40;#41;#59;#37;#37;<br/>second line",
    );
    expect(labels).toContain("say #34;go#34; #124; stop");
    for (const label of labels) expect(label.replaceAll("<br/>", "")).not.toMatch(/[<>|{}[\]]/);
    // A quote inside a label would make the count odd.
    for (const line of text.split("\n")) expect((line.match(/"/g) ?? []).length % 2).toBe(0);
    expect(text).toMatch(/subgraph s0\["inner #34;one#34;"\]\n {4}n\d\["body"\]\n {2}end/);
  });
});

describe("pipelineDocument", () => {
  it("is what parse prints, and with a run its states", async () => {
    expect(pipelineDocument(demo)).toMatchObject({
      name: "demo",
      attributes: { goal: "ship it" },
      nodes: [{ id: "start", type: "start" }, { id: "build", attributes: { prompt: "build it" } }, {}, {}, {}],
      edges: [
        { from: "start", to: "build", attributes: {} },
        {},
        { attributes: { condition: "outcome=success" } },
        {},
        {},
      ],
    });
    expect(pipelineDocument(demo).nodes[0]).not.toHaveProperty("state");
    const marked = pipelineDocument(demo, await overlayOf(await demoStore(2), "demo"));
    expect(marked.nodes.map((node) => node.state)).toEqual(["succeeded", "backing_off", null, null, null]);
    expect(marked.edges.map((edge) => edge.taken)).toEqual([1, 0, 0, 0, 0]);
  });
});
