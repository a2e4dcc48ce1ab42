/** The pipeline of a run, drawn, with the state of its nodes. */
import { z } from "zod";
import { drawPipeline, PIPELINE_FORMATS, type PipelineFormat } from "../../inspect/draw-pipeline.ts";
import { overlayOf } from "../../runtime/queries/draw/node-states.ts";
import { graphOf } from "../../runtime/queries/graph.ts";
import { operation } from "../api/operation.ts";
import { json, text } from "../schemas/basics.ts";

const TYPES: Readonly<Record<PipelineFormat, string>> = {
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
  query: z.strictObject({ format: z.enum(PIPELINE_FORMATS).exactOptional() }),
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
    const hint = "the formats dot, mermaid and json have no such limit";
    return new Response(await drawPipeline(drawn, { format, overlay, hint }), {
      headers: {
        "content-type": `${TYPES[format]}; charset=utf-8`,
        "content-security-policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'",
      },
    });
  },
});

export const GRAPH_OPERATIONS = [drawRun];

/** Who names a form in `accept` need not name it again. */
function formatOf(accept = ""): PipelineFormat {
  return PIPELINE_FORMATS.find((format) => accept.includes(TYPES[format])) ?? "svg";
}
