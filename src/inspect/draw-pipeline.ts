/** A pipeline drawn in any of its forms, with the state of a run where there is one. Each form is loaded when it is asked for. */
import { SafepointError } from "../errors.ts";
import { DRAWN_NODES_MAX } from "../limits.ts";
import type { Overlay } from "../runtime/queries/draw/node-states.ts";
import type { graphOf } from "../runtime/queries/graph.ts";

type Graph = Awaited<ReturnType<typeof graphOf>>;

export const PIPELINE_FORMATS = ["svg", "dot", "mermaid", "json"] as const;
export type PipelineFormat = (typeof PIPELINE_FORMATS)[number];

export interface PipelineDrawing {
  readonly format: PipelineFormat;
  readonly overlay?: Overlay | undefined;
  /** What to do where there are too many nodes to draw, in the words of whoever asks. */
  readonly hint: string;
}

/** *Throws* `limit_exceeded` where an SVG would have more nodes than are drawn. */
export async function drawPipeline(graph: Graph, { format, overlay, hint }: PipelineDrawing): Promise<string> {
  switch (format) {
    case "mermaid": {
      const { pipelineMermaid } = await import("../runtime/queries/draw/pipeline-mermaid.ts");
      return pipelineMermaid(graph, overlay);
    }
    case "json": {
      const { pipelineDocument } = await import("../runtime/queries/draw/pipeline-document.ts");
      return `${JSON.stringify(pipelineDocument(graph, overlay), null, 2)}\n`;
    }
    default: {
      const { pipelineDot } = await import("../runtime/queries/draw/pipeline-dot.ts");
      const dot = pipelineDot(graph, overlay);
      return format === "dot" ? dot : drawSvg(graph, dot, hint);
    }
  }
}

async function drawSvg({ nodes }: Graph, dot: string, hint: string): Promise<string> {
  if (nodes.length > DRAWN_NODES_MAX) {
    throw new SafepointError(
      "limit_exceeded",
      `expected at most ${DRAWN_NODES_MAX} nodes to draw, found ${nodes.length}`,
      { details: { hint } },
    );
  }
  const { drawDot } = await import("./draw.ts");
  return drawDot(dot);
}
