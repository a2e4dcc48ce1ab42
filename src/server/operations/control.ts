/** Commands to runs: each goes its way to whoever drives the run, and is answered with what it came to. Source: 03 §2. */
import type { z } from "zod";
import type { CommandOptions, ControlResult, Run } from "../../runtime/api.ts";
import { controlResponse } from "../api/control-response.ts";
import { operation } from "../api/operation.ts";
import type { Api } from "../api.ts";
import {
  answerBody,
  bulkBody,
  bulkResult,
  cancelBody,
  continueBody,
  controlResult,
  forkBody,
  forkResult,
  pauseBody,
  steerBody,
} from "../schemas/control.ts";
import { runSummary } from "../schemas/runs.ts";
import { summaryOf } from "./runs.ts";

const ACCEPTED = {
  202: { what: "It is in force; `accepted: null` where nobody has taken it yet.", schema: controlResult },
};
const HEADERS = { "idempotency-key": "The command's id, where the body has none: the same again has the same result." };
const ofRun = { topic: "control", method: "post", headers: HEADERS, answers: ACCEPTED, bodyOptional: true } as const;
const REFUSALS = ["run_not_found", "run_finished", "run_cancelled", "run_restarted", "command_id_reused"] as const;

interface Command<B> {
  readonly verb: string;
  readonly summary: string;
  readonly body: z.ZodType<B>;
  readonly refusals: Parameters<typeof operation>[0]["refusals"];
  give(run: Run, body: B): Promise<ControlResult>;
}

function command<B extends CommandOptions>({ verb, summary, body, refusals, give }: Command<B>) {
  return operation<z.ZodObject, z.ZodType<B>>({
    ...ofRun,
    id: `${verb}Run`,
    path: `/runs/{runId}/${verb}`,
    summary,
    body,
    refusals: [...REFUSALS, ...(refusals ?? [])],
    async handle({ c, params, body: given }, { runtime }) {
      const run = await runtime.get(params["runId"] as string);
      return controlResponse(await give(run, { ...keyOf(c.req.header("idempotency-key")), ...given }));
    },
  });
}

function keyOf(header: string | undefined): CommandOptions {
  return header === undefined || header === "" ? {} : { commandId: header };
}

const COMMANDS = [
  command({
    verb: "pause",
    summary: "Nothing more starts; what is in flight ends, or is interrupted",
    body: pauseBody,
    refusals: ["run_cancelling"],
    give: (run, options) => run.pause(options),
  }),
  command({
    verb: "continue",
    summary: "A paused run goes on; a pause under way is withdrawn",
    body: continueBody,
    refusals: ["not_paused", "run_cancelling", "run_cancelled_new_run_required", "parent_paused"],
    give: (run, options) => run.continue(options),
  }),
  command({
    verb: "cancel",
    summary: "The run ends, or with `branch` one branch or activation of it",
    body: cancelBody,
    refusals: ["use_run_cancel", "branch_finished", "branch_not_found", "join_decided"],
    give: (run, options) => run.cancel(options),
  }),
  operation({
    ...ofRun,
    id: "steerRun",
    path: "/runs/{runId}/steer",
    summary: "Tell the stages that start later something",
    body: steerBody,
    bodyOptional: false,
    refusals: [...REFUSALS, "run_cancelling"],
    async handle({ c, params, body: { message, ...options } }, { runtime }) {
      const run = await runtime.get(params["runId"] as string);
      return controlResponse(await run.steer(message, { ...keyOf(c.req.header("idempotency-key")), ...options }));
    },
  }),
];

const answer = operation({
  ...ofRun,
  id: "answerQuestion",
  path: "/runs/{runId}/questions/{gate+}/answer",
  topic: "questions",
  summary: "Answer a question",
  body: answerBody,
  bodyOptional: false,
  refusals: [...REFUSALS, "gate_not_found", "gate_answered", "answer_invalid", "run_cancelling"],
  async handle({ c, params, body: { answer: given, ...options } }, { runtime }) {
    const run = await runtime.get(params["runId"] as string);
    const gate = params["gate"] as string;
    return controlResponse(await run.answer(gate, given, { ...keyOf(c.req.header("idempotency-key")), ...options }));
  },
});

const fork = operation({
  id: "forkRun",
  method: "post",
  path: "/runs/{runId}/fork",
  topic: "control",
  summary: "A new run that goes on from a point of this one",
  body: forkBody,
  bodyOptional: true,
  answers: { 202: { what: "The new run is stored.", schema: forkResult } },
  refusals: ["run_not_found", "run_exists", "run_finished", "not_json"],
  async handle({ c, params, body }, api) {
    const from = params["runId"] as string;
    const run = await api.runtime.fork(from, body);
    const { status, parentSeq } = await rowOf(api, run.id);
    const needs = body.drive === false ? { needs: "resume" as const } : {};
    return c.json(
      { runId: run.id, from, status, ...(parentSeq === undefined ? {} : { at: parentSeq }), ...needs },
      202,
      { location: c.req.path.replace(/[^/]+\/fork$/, encodeURIComponent(run.id)) },
    );
  },
});

async function rowOf({ store }: Api, runId: string) {
  const [row] = await store.read("run", { runId });
  return row as NonNullable<typeof row>;
}

const resume = operation({
  id: "resumeRun",
  method: "post",
  path: "/runs/{runId}/resume",
  topic: "control",
  summary: "Take a live run that nobody drives; a paused one stays paused",
  answers: { 202: { what: "This server drives it.", schema: runSummary } },
  refusals: [
    "run_not_found",
    "run_owned",
    "run_finished",
    "run_restarted",
    "run_cancelled_new_run_required",
    "handler_missing",
  ],
  async handle({ c, params }, api) {
    const run = await api.runtime.resume(params["runId"] as string);
    return c.json(await summaryOf(api, run.id), 202);
  },
});

const bulk = operation({
  id: "controlRuns",
  method: "post",
  path: "/control",
  topic: "control",
  summary: "The same command for many runs, or with `dryRun` only which",
  body: bulkBody,
  answers: { 200: { what: "What it came to for each, newest run first.", schema: bulkResult } },
  async handle({ c, body: { verb, all, labels, status, ...options } }, { runtime }) {
    const selector = {
      ...(all === undefined ? {} : { all }),
      ...(labels === undefined ? {} : { labels }),
      ...(status === undefined ? {} : { status }),
    };
    return c.json({ results: await runtime.control(selector, verb, options) });
  },
});

export const CONTROL_OPERATIONS = [...COMMANDS, fork, resume, bulk];
export const ANSWER_OPERATIONS = [answer];
