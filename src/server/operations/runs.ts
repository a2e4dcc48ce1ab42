/** Starting runs, listing them, and one run whole. */
import { z } from "zod";
import { RUN_STATUSES } from "../../journal/status.ts";
import { findRun } from "../../runtime/queries/find-run.ts";
import { listedRun } from "../../runtime/queries/is-driven.ts";
import { listRuns } from "../../runtime/queries/runs.ts";
import { viewOf } from "../../runtime/queries/view.ts";
import { operation } from "../api/operation.ts";
import type { Api } from "../api.ts";
import { cursor, json, label, labelsOf, limit, seq, text } from "../schemas/basics.ts";
import { runSummary, runsPage, runView } from "../schemas/runs.ts";
import { startRun } from "../start-run.ts";

const startBody = z.strictObject({
  /** DOT text. */
  source: text.min(1).exactOptional(),
  /** The name of a definition; DOT text is taken here too. */
  pipeline: text.min(1).exactOptional(),
  runId: text.exactOptional(),
  inputs: z.record(text, json).exactOptional(),
  labels: z.record(text, text).exactOptional(),
});

export async function summaryOf({ store, now }: Api, runId: string) {
  return listedRun(await findRun(store, runId), now());
}

export const RUN_OPERATIONS = [
  operation({
    id: "startRun",
    method: "post",
    path: "/runs",
    topic: "runs",
    summary: "Start a run of a pipeline",
    body: startBody,
    headers: {
      "idempotency-key": "The same key with the same body again is the same run; with another body a refusal.",
    },
    answers: { 201: { what: "The run is stored.", schema: runSummary } },
    refusals: [
      "pipeline_invalid",
      "pipeline_not_found",
      "input_invalid",
      "run_exists",
      "command_id_reused",
      "handler_missing",
      "not_json",
      "limit_exceeded",
    ],
    async handle({ c, body }, api) {
      const { runId, isRepeated } = await startRun(api, { ...body, key: c.req.header("idempotency-key") });
      return c.json(await summaryOf(api, runId), 201, {
        location: `${c.req.path.replace(/\/$/, "")}/${encodeURIComponent(runId)}`,
        ...(isRepeated ? { "idempotency-replayed": "true" } : {}),
      });
    },
  }),
  operation({
    id: "listRuns",
    method: "get",
    path: "/runs",
    topic: "runs",
    summary: "Runs, newest first, in pages",
    query: z.strictObject({
      status: z.array(z.enum(RUN_STATUSES)).exactOptional(),
      label: z.array(label).exactOptional(),
      limit,
      cursor,
    }),
    answers: { 200: { what: "A page of runs.", schema: runsPage } },
    async handle({ c, query }, { store, now }) {
      const { label: labels, ...rest } = query;
      const page = await listRuns(store, { ...rest, labels: labelsOf(labels) });
      return c.json({ ...page, runs: page.runs.map((row) => listedRun(row, now())) });
    },
  }),
  operation({
    id: "showRun",
    method: "get",
    path: "/runs/{runId}",
    topic: "runs",
    summary: "One run, now or as it was",
    query: z.strictObject({ at: seq.exactOptional() }),
    answers: { 200: { what: "The run view.", schema: runView } },
    refusals: ["run_not_found"],
    async handle({ c, params, query }, { store, views, now }) {
      const runId = params["runId"] as string;
      if (query.at === undefined) return c.json(await views.read(runId, now()));
      const { view, at } = await viewOf(store, runId, { at: query.at, now: now() });
      return c.json({ ...view, at });
    },
  }),
];
