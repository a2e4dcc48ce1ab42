/** The small readings of the dashboard: streams, pairs, addresses, and why a button is off. */
import { describe, expect, it } from "vitest";
import { RUN_STATUSES } from "../../src/journal/status.ts";
import { reasonAgainst } from "../../src/web/api/commands.ts";
import { EventParser } from "../../src/web/api/parse-events.ts";
import { pipelineDot } from "../../src/web/drawing/pipeline-dot.ts";
import { readStage, shortBranch, shortStage } from "../../src/web/model/address.ts";
import { readPairs } from "../../src/web/start/read-pairs.ts";

describe("server-sent events", () => {
  const text =
    'retry: 2000\n\nid: 1\nevent: run.created\ndata: {"seq":1}\n\n: \n\nid: 2\nevent: run.started\ndata: {"a":"b: c"}\n\nevent: end\ndata: {}\n\n';
  const whole = [
    { id: "1", type: "run.created", data: '{"seq":1}' },
    { id: "2", type: "run.started", data: '{"a":"b: c"}' },
    { id: "", type: "end", data: "{}" },
  ];

  it("are the same wherever the chunks are cut", () => {
    for (let size = 1; size <= text.length; size += 1) {
      const parser = new EventParser();
      const found = [];
      for (let at = 0; at < text.length; at += size) found.push(...parser.push(text.slice(at, at + size)));
      expect(found, `chunks of ${size}`).toEqual(whole);
    }
  });
});

describe("pairs", () => {
  it("are read by spaces, or by lines where values are JSON", () => {
    expect(readPairs("team=docs env=ci").pairs).toEqual({ team: "docs", env: "ci" });
    expect(readPairs('items=["a", "b"]\nname=two words').pairs).toEqual({ items: ["a", "b"], name: "two words" });
    expect(readPairs("n=42").pairs).toEqual({ n: 42 });
    expect(readPairs("team docs").problem).toBe('Expected key=value, found "team".');
  });
});

describe("addresses", () => {
  it("are short where they can be", () => {
    expect(shortStage("main/build@1")).toBe("build");
    expect(shortStage("main/build@3")).toBe("build@3");
    expect(shortStage("main/fan@1/2/build@1")).toBe("fan[2] build");
    expect(shortBranch("main/outer@1/3/inner@2/1")).toBe("outer[3]›inner@2[1]");
    expect(readStage("main/a%2Fb@1").node).toBe("a/b");
  });
});

describe("a command", () => {
  // The cells of the control table that change something, and no others.
  it.each([
    ["pause", ["queued", "running"]],
    ["continue", ["pausing", "paused"]],
    ["cancel", ["queued", "running", "pausing", "paused"]],
  ] as const)("%s is offered where it changes something", (verb, offered) => {
    const open = RUN_STATUSES.filter((status) => reasonAgainst(verb, status) === undefined);
    expect(open).toEqual(offered);
  });
});

describe("a pipeline as DOT", () => {
  it("holds no word that Graphviz would act on", () => {
    const node = (id: string, attributes = {}) => ({ id, type: "codergen", attributes });
    const dot = pipelineDot({
      name: "evil",
      nodes: [node('a"] b [URL="javascript:alert(1)'), node("b", { label: "\\N\\G & <b>", shape: "none", URL: "x" })],
      edges: [{ from: "b", to: "b", attributes: { label: '"; x' } }],
      subgraphs: [],
    });
    expect(dot).not.toMatch(/[^\\]"\] b/);
    expect(dot).not.toContain('URL="');
    expect(dot).toContain("\\\\N\\\\G &amp; <b>");
  });
});
