import { operation } from "../api/operation.ts";
import { renderMetrics } from "../metrics/render-metrics.ts";

const TYPE = "text/plain; version=0.0.4; charset=utf-8";

export const METRICS_OPERATIONS = [
  operation({
    id: "showMetrics",
    method: "get",
    path: "/metrics",
    topic: "server",
    summary: "Counts of runs, stages, questions, entries and requests, for Prometheus",
    answers: { 200: { what: "In the text format of Prometheus.", media: ["text/plain"] } },
    handle: async (_, api) => new Response(await renderMetrics(api), { headers: { "content-type": TYPE } }),
  }),
];
