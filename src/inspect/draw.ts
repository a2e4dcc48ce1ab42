import { messageOf, SafepointError } from "../errors.ts";

/**
 * Draws DOT as SVG. Graphviz is a megabyte of WebAssembly: it is loaded with the first drawing.
 *
 * Throws: input_invalid when Graphviz cannot read the text.
 */
export async function drawDot(dot: string): Promise<string> {
  const { instance } = await import("@viz-js/viz");
  const viz = await instance();
  try {
    return viz.renderString(dot, { format: "svg", engine: "dot" });
  } catch (cause) {
    throw new SafepointError("input_invalid", `Graphviz cannot draw this: ${messageOf(cause)}`, { cause });
  }
}
