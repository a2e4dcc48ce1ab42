import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isSafepointError } from "../../src/errors.ts";
import type { Attributes } from "../../src/graph/graph.ts";
import { applyStylesheet, parseStylesheet } from "../../src/graph/stylesheet.ts";
import { applyTransforms } from "../../src/graph/transforms.ts";
import { handMade } from "./hand-made.ts";

function styled(sheet: string, node: Attributes & { type?: string } = {}): Attributes {
  const graph = handMade({
    nodes: { work: node },
    edges: [["start", "work"]],
    attributes: { model_stylesheet: sheet },
  });
  return applyStylesheet(graph).nodes.find(({ id }) => id === "work")?.attributes ?? {};
}

describe("selectors", () => {
  it("* < shape < class < id, whatever their order in the sheet", () => {
    const rules = [
      "#work { llm_model: by-id }",
      ".hard { llm_model: by-class }",
      "box { llm_model: by-shape }",
      "* { llm_model: by-any }",
    ];
    const winners = rules.map((_, at) => styled(rules.slice(at).join("\n"), { class: "hard" })["llm_model"]);
    expect(winners).toEqual(["by-id", "by-class", "by-shape", "by-any"]);
  });

  it("of equal ones the later wins, property by property", () => {
    const found = styled(".a { llm_model: one; reasoning_effort: high } .b { llm_model: two }", { class: "a b" });
    expect(found).toMatchObject({ llm_model: "two", reasoning_effort: "high" });
  });

  it("a compound needs all its parts and weighs them together", () => {
    expect(styled("box.code { llm_model: m }", { class: "code" })["llm_model"]).toBe("m");
    expect(styled("box.code { llm_model: m }", { class: "other" })["llm_model"]).toBeUndefined();
    expect(styled("hexagon.code { llm_model: m }", { class: "code" })["llm_model"]).toBeUndefined();
    expect(styled(".a.b { llm_model: two } .a { llm_model: one }", { class: "a b" })["llm_model"]).toBe("two");
    expect(styled("box.a { llm_model: two } .a { llm_model: one }", { class: "a" })["llm_model"]).toBe("two");
    expect(styled("#work { llm_model: id } box.a.b.c { llm_model: classes }", { class: "a b c" })["llm_model"]).toBe(
      "id",
    );
  });

  it("several selectors may share a block", () => {
    expect(styled("#other, .hard { llm_model: m }", { class: "hard" })["llm_model"]).toBe("m");
  });
});

describe("declarations", () => {
  it("what a node itself says always wins", () => {
    expect(styled("#work { llm_model: sheet; llm_provider: p }", { llm_model: "own" })).toEqual({
      llm_model: "own",
      llm_provider: "p",
    });
  });

  it("model and provider are other names", () => {
    expect(styled("* { model: m; provider: p }")).toEqual({ llm_model: "m", llm_provider: "p" });
    expect(styled("* { model: m }", { llm_model: "own" })["llm_model"]).toBe("own");
  });

  it("other attributes get their type; what makes the node what it is stays", () => {
    expect(
      styled("* { max_retries: 3; auto_status: true; timeout: 15m; shape: hexagon; type: tool; class: x; label: y }"),
    ).toEqual({
      max_retries: 3,
      auto_status: true,
      timeout: "15m",
    });
  });

  it("quotes, comments, blanks and a missing last semicolon", () => {
    const sheet = `/* all */ * { llm_model : "a b; {c}" ; /* ; */ llm_provider: it-s }\n\n.x{reasoning_effort='h\\'i'}`;
    expect(styled(sheet, { class: "x" })).toMatchObject({
      llm_model: "a b; {c}",
      llm_provider: "it-s",
      reasoning_effort: "h'i",
    });
  });

  it("names from the wild", () => {
    const sheet = "\n  * { llm_model: gpt-5.4; llm_provider: openai; }\n  .branch-a { llm_model: claude-opus-4.6; }\n";
    expect(styled(sheet, { class: "branch-a" })).toMatchObject({
      llm_model: "claude-opus-4.6",
      llm_provider: "openai",
    });
  });

  it("the given graph stays as it was, and one without a stylesheet is the same object", () => {
    const graph = handMade({ edges: [["start", "exit"]] });
    expect(applyStylesheet(graph)).toBe(graph);
    const empty = handMade({ edges: [["start", "exit"]], attributes: { model_stylesheet: " /* none */ " } });
    expect(applyStylesheet(empty)).toBe(empty);
    const sheet = handMade({ edges: [["start", "exit"]], attributes: { model_stylesheet: "* { llm_model: m }" } });
    applyStylesheet(sheet);
    expect(sheet.nodes.map((node) => node.attributes)).toEqual([{}, {}]);
  });
});

describe("refusals name line and column", () => {
  it.each([
    ["* llm_model: x", 1, 3, '"{"'],
    ["*\n{ llm_model x }", 2, 13, '":"'],
    ["* { llm_model: }", 1, 16, "a value"],
    ["* { llm_model: x", 1, 17, '"}"'],
    ["* { llm_model: 'x }", 1, 16, "a value"],
    [". { }", 1, 2, "a class"],
    ["# { }", 1, 2, "a node id"],
    ["{ }", 1, 1, "a selector"],
    ["* { } }", 1, 7, "a selector"],
    ["* , { }", 1, 5, "a selector"],
    ["* { llm_model: a 'b' }", 1, 18, '";" or "}"'],
    ["* { : x }", 1, 5, "a property"],
    ["/* open", 1, 1, "a selector"],
  ])("%j", (sheet, line, column, words) => {
    try {
      parseStylesheet(sheet);
      expect.unreachable();
    } catch (thrown) {
      if (!isSafepointError(thrown)) throw thrown;
      expect(thrown.details).toMatchObject({ line, column });
      expect(thrown.message).toContain(words);
    }
  });

  it("a sheet of more selectors than nodes could be checked against is refused", () => {
    expect(() => parseStylesheet(".a { k: v }".repeat(1_001))).toThrow(/at most 1000 selectors/);
    expect(parseStylesheet(".a { k: v }".repeat(1_000)).rules).toHaveLength(1_000);
  });

  it("long values, comments and blocks are read in one go", () => {
    const long = "x".repeat(2_000_000);
    expect(parseStylesheet(`/*${long}*/* { a: "${long}"; b: ${long} }`).rules[0]?.declarations[1]?.value).toHaveLength(
      2_000_000,
    );
    const many = "\nk: v;".repeat(100_000);
    expect(parseStylesheet(`* {${many}}`).rules[0]?.declarations.at(-1)).toMatchObject({ line: 100_001, column: 1 });
  });

  it("any text is a stylesheet or a refusal", () => {
    const piece = fc.constantFrom(
      "*",
      "box",
      ".a",
      "#b",
      "{",
      "}",
      ":",
      ";",
      ",",
      '"',
      "'",
      " ",
      "\n",
      "/*",
      "*/",
      "x",
      "\\",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (parts) => {
        try {
          parseStylesheet(parts.join(""));
        } catch (thrown) {
          expect(isSafepointError(thrown)).toBe(true);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("transforms", () => {
  const graph = handMade({ edges: [["start", "exit"]] });
  const rename = (suffix: string) => ({
    name: `add ${suffix}`,
    apply: (given: typeof graph) => ({ ...given, name: given.name + suffix }),
  });

  it("are applied in order", () => {
    expect(applyTransforms(graph, [rename("_a"), rename("_b")]).name).toBe("hand_made_a_b");
    expect(applyTransforms(graph, [])).toBe(graph);
  });

  it("one that throws, or gives back no graph, is named", () => {
    const broken = {
      name: "broken",
      apply: (): typeof graph => {
        throw new RangeError("off by one");
      },
    };
    expect(() => applyTransforms(graph, [broken])).toThrow(/transform broken: off by one/);
    const none = { name: "none", apply: () => undefined as unknown as typeof graph };
    expect(() => applyTransforms(graph, [none])).toThrow(/transform none: expected it to return a graph/);
  });

  it("its coded error is passed on as it is", () => {
    const sheet = handMade({ edges: [], attributes: { model_stylesheet: "{" } });
    expect(() => applyTransforms(sheet, [{ name: "styles", apply: applyStylesheet }])).toThrow(/^model_stylesheet/);
  });
});
