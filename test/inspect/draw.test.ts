import { describe, expect, it } from "vitest";
import { drawDot } from "../../src/inspect/index.ts";

describe("drawDot", () => {
  it("draws", async () => expect(await drawDot("digraph { a -> b }")).toContain("<svg"));

  it("refuses what Graphviz cannot read, with a code", async () => {
    await expect(drawDot("digraph { a -> ")).rejects.toMatchObject({ code: "input_invalid" });
  });
});
