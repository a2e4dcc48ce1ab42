// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of pipelines, not of this file
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { expandText, variablesIn } from "../../src/graph/expand.ts";
import { resolveFiles } from "../../src/graph/expand-files.ts";
import type { JsonValue } from "../../src/graph/outcome.ts";
import { handMade } from "./hand-made.ts";

const CONTEXT: Record<string, JsonValue> = {
  plan: "step one",
  "work.item": { path: "a.ts", lines: [1, 2] },
  "my-key": 7,
  empty: "",
  nothing: null,
  größe: "XL",
};
const SCOPE = {
  goal: "ship it",
  inputs: { pr: 42, repo: { name: "safepoint" } },
  read: (key: string) => (Object.hasOwn(CONTEXT, key) ? CONTEXT[key] : undefined),
};

describe("prompts", () => {
  it.each([
    ["$goal", "ship it"],
    ["Goal: $goal.", "Goal: ship it."],
    ["${goal} {{goal}} {{ goal }}", "ship it ship it ship it"],
    ["{{ inputs.pr }} ${inputs.repo.name}", "42 safepoint"],
    ["${plan} {{ plan }} ${context.plan}", "step one step one step one"],
    ["${work.item.path} ${work.item.lines.1}", "a.ts 2"],
    ["${work.item}", '{"path":"a.ts","lines":[1,2]}'],
    ["${my-key}", "7"],
    ["[${empty}${nothing}]", "[]"],
    ["{{ größe }}", "XL"],
  ])("%s", (text, expected) => {
    expect(expandText(text, SCOPE)).toBe(expected);
  });

  it("an unknown variable stays as it stands", () => {
    for (const text of [
      "$goals",
      "$task",
      "${unknown}",
      "{{ unknown.path }}",
      "${inputs.none}",
      "$5",
      "${}",
      "{{ }}",
      "${work.item.none}",
      "${constructor}",
      "{{ .Go }}",
    ]) {
      expect(expandText(text, SCOPE)).toBe(text);
    }
    expect(expandText("$goal", { read: () => undefined })).toBe("$goal");
  });

  it("an empty goal is a goal", () => {
    expect(expandText("[$goal]", { goal: "", read: () => undefined })).toBe("[]");
  });

  it("a backslash keeps a dollar", () => {
    expect(expandText(String.raw`\$goal \${plan} \$5`, SCOPE)).toBe("$goal ${plan} $5");
  });

  it("values are never expanded again", () => {
    const read = (key: string) => ({ a: "${b} $goal {{ b }} \\$", b: "B" })[key];
    expect(expandText("${a}", { goal: "G", read })).toBe("${b} $goal {{ b }} \\$");
  });

  it("replacement patterns in values are text", () => {
    expect(expandText("<${a}>", { read: () => "$& $1 $$ $`" })).toBe("<$& $1 $$ $`>");
  });

  it("lists the names it refers to, each once", () => {
    expect(variablesIn(String.raw`$goal \${no} ${"${b}"} {{ a.c }} ${"${b}"} $nope`)).toEqual(["goal", "b", "a.c"]);
  });

  it("a text without variables is itself, and any text comes out without an error", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const expanded = expandText(text, { read: () => undefined });
        expect(expanded).toBe(text.replaceAll("\\$", "$"));
      }),
    );
  });
});

describe("files", () => {
  const graph = handMade({
    nodes: {
      a: { prompt: "@prompts/a.md" },
      b: { prompt: "@gone.md", items: " @list.json " },
      c: { prompt: "mail @someone", tool_command: "@prompts/a.md" },
    },
    edges: [],
  });
  const files: Record<string, string> = { "prompts/a.md": "Do $goal\n@list.json", "list.json": "[1]" };

  it("an @path prompt or list becomes the content of the file, once", () => {
    const [a, b, c] = resolveFiles(graph, (path) => files[path]).nodes;
    expect(a?.attributes["prompt"]).toBe("Do $goal\n@list.json");
    expect(b?.attributes).toEqual({ prompt: "@gone.md", items: "[1]" });
    expect(c?.attributes).toEqual({ prompt: "mail @someone", tool_command: "@prompts/a.md" });
    expect(graph.nodes[0]?.attributes["prompt"]).toBe("@prompts/a.md");
  });

  it("without a file to resolve the graph is the same object", () => {
    expect(resolveFiles(graph, () => undefined)).toBe(graph);
  });

  it("a text of several lines is no path", () => {
    const asked: string[] = [];
    resolveFiles(handMade({ nodes: { a: { prompt: "@me\nplease" }, b: { prompt: "@" } }, edges: [] }), (path) => {
      asked.push(path);
      return "";
    });
    expect(asked).toEqual([]);
  });
});
