/** The pipeline of a run, drawn, with the state of its nodes. */
import { z } from "zod";
import { SafepointError } from "../../errors.ts";
import { DRAWN_NODES_MAX } from "../../limits.ts";
import { overlayOf } from "../../runtime/queries/draw/node-states.ts";
import { graphOf } from "../../runtime/queries/graph.ts";
import { operation } from "../api/operation.ts";
import { json, text } from "../schemas/basics.ts";

const FORMATS = ["svg", "dot", "mermaid", "json"] as const;
type Format = (typeof FORMATS)[number];

const TYPES: Readonly<Record<Format, string>> = {
  svg: "image/svg+xml",
  dot: "text/vnd.graphviz",
  mermaid: "text/vnd.mermaid",
  json: "application/json",
};

const element = z.looseObject({ attributes: z.record(text, json) });

export const drawRun = operation({
  id: "drawRun",
  method: "get",
  path: "/runs/{runId}/graph",
  topic: "runs",
  summary: "Its pipeline with the state of each node: drawn, or as data",
  query: z.strictObject({ format: z.enum(FORMATS).exactOptional() }),
  answers: {
    200: {
      what: "In the format asked for; default: SVG.",
      schema: z.looseObject({ name: text, nodes: z.array(element), edges: z.array(element) }),
      media: [TYPES.svg, TYPES.dot, TYPES.mermaid],
    },
  },
  refusals: ["run_not_found", "limit_exceeded"],
  async handle({ c, params, query }, { store }) {
    const runId = params["runId"] as string;
    const format = query.format ?? formatOf(c.req.header("accept"));
    const drawn = await graphOf(store, runId);
    const overlay = await overlayOf(store, runId);
    return new Response(await draw(drawn, overlay, format), {
      headers: {
        "content-type": `${TYPES[format]}; charset=utf-8`,
        "content-security-policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'",
      },
    });
  },
});

export const GRAPH_OPERATIONS = [drawRun];

/** Who names a form in `accept` need not name it again. */
function formatOf(accept = ""): Format {
  return FORMATS.find((format) => accept.includes(TYPES[format])) ?? "svg";
}

type Drawn = Awaited<ReturnType<typeof graphOf>>;
type Overlay = Awaited<ReturnType<typeof overlayOf>>;

async function draw(drawn: Drawn, overlay: Overlay, format: Format): Promise<string> {
  switch (format) {
    case "mermaid": {
      const { pipelineMermaid } = await import("../../runtime/queries/draw/pipeline-mermaid.ts");
      return pipelineMermaid(drawn, overlay);
    }
    case "json": {
      const { pipelineDocument } = await import("../../runtime/queries/draw/pipeline-document.ts");
      return `${JSON.stringify(pipelineDocument(drawn, overlay), null, 2)}\n`;
    }
    default: {
      const { pipelineDot } = await import("../../runtime/queries/draw/pipeline-dot.ts");
      const dot = pipelineDot(drawn, overlay);
      return format === "dot" ? dot : drawSvg(drawn, dot);
    }
  }
}

async function drawSvg({ nodes }: Drawn, dot: string): Promise<string> {
  if (nodes.length > DRAWN_NODES_MAX) {
    throw new SafepointError(
      "limit_exceeded",
      `expected at most ${DRAWN_NODES_MAX} nodes to draw, found ${nodes.length}`,
      {
        details: { hint: "the formats dot, mermaid and json have no such limit" },
      },
    );
  }
  const { drawDot } = await import("../../inspect/draw.ts");
  return drawDot(dot);
}
