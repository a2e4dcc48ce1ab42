/** The routes of the Attractor specification, §9.5, for clients that were written against it. Everything here has a route of ours. */
import { z } from "zod";
import { SafepointError } from "../../errors.ts";
import type { JsonValue } from "../../graph/index.ts";
import { checkpointOf } from "../../runtime/queries/checkpoint.ts";
import { contextOf } from "../../runtime/queries/context.ts";
import { findRun } from "../../runtime/queries/find-run.ts";
import { openQuestions } from "../../runtime/queries/questions.ts";
import { instant } from "../../runtime/queries/runs.ts";
import { controlResponse } from "../api/control-response.ts";
import { operation } from "../api/operation.ts";
import type { Api } from "../api.ts";
import { createTranslator } from "../attractor/translate-events.ts";
import { count, json, text, time } from "../schemas/basics.ts";
import { encodeEvent } from "../sse/encode.ts";
import { startRun } from "../start-run.ts";
import { streamEvents } from "./events.ts";
import { drawRun } from "./graph.ts";

const topic = "attractor" as const;
const idOf = (params: Readonly<Record<string, string>>) => params["id"] as string;
const refusals = ["run_not_found"] as const;

const status = z.looseObject({
  id: text,
  name: text,
  status: text,
  started_at: time.exactOptional(),
  finished_at: time.exactOptional(),
  current_node: text.nullable(),
  completed_nodes: z.array(text),
  node_retries: z.record(text, count),
});

const submit = operation({
  id: "submitPipeline",
  method: "post",
  path: "/pipelines",
  topic,
  summary: "Submit DOT text and start it",
  /** Clients differ in what they call the text. */
  body: z.looseObject({
    dot_source: text.exactOptional(),
    dot: text.exactOptional(),
    source: text.exactOptional(),
    pipeline: text.exactOptional(),
    id: text.exactOptional(),
    inputs: z.record(text, json).exactOptional(),
    context: z.record(text, json).exactOptional(),
  }),
  headers: { "idempotency-key": "As of `POST /runs`." },
  answers: { 201: { what: "It is stored.", schema: z.looseObject({ id: text, status: text }) } },
  refusals: [
    "pipeline_invalid",
    "pipeline_not_found",
    "run_exists",
    "command_id_reused",
    "handler_missing",
    "not_json",
  ],
  async handle({ c, body }, api) {
    const { dot_source: dotSource, dot, source, pipeline, id, inputs, context } = body;
    const given = dotSource ?? dot ?? source;
    const { runId } = await startRun(api, {
      ...(given === undefined ? {} : { source: given }),
      ...(pipeline === undefined ? {} : { pipeline }),
      ...(id === undefined ? {} : { runId: id }),
      inputs: { ...context, ...inputs },
      key: c.req.header("idempotency-key"),
    });
    const run = await findRun(api.store, runId);
    const location = `${c.req.path}/${encodeURIComponent(runId)}`;
    return c.json({ id: runId, pipeline_id: runId, status: run.status }, 201, { location });
  },
});

const show = operation({
  id: "showPipeline",
  method: "get",
  path: "/pipelines/{id}",
  topic,
  summary: "Status and progress",
  answers: { 200: { what: "How far it is.", schema: status } },
  refusals,
  async handle({ c, params }, { store }) {
    const { runId, pipelineName, startedAtMs, finishedAtMs, statusReason } = await findRun(store, idOf(params));
    const checkpoint = await checkpointOf(store, runId);
    const failure = checkpoint.status === "failed" ? await failureOf(store, runId) : {};
    return c.json({
      id: runId,
      pipeline_id: runId,
      name: pipelineName,
      status: checkpoint.status,
      ...(statusReason === undefined ? {} : { status_reason: statusReason }),
      ...(startedAtMs === undefined ? {} : { started_at: instant(startedAtMs) }),
      ...(finishedAtMs === undefined ? {} : { finished_at: instant(finishedAtMs) }),
      ...failure,
      current_node: checkpoint.current_node,
      completed_nodes: checkpoint.completed_nodes,
      node_retries: checkpoint.node_retries,
    });
  },
});

async function failureOf(store: Api["store"], runId: string): Promise<{ readonly error?: string }> {
  const [entry] = await store.read("journal", { runId, types: ["run.failed"], limit: 1 });
  return entry ? { error: (entry.data as { readonly message: string }).message } : {};
}

const events = operation({
  id: "followPipeline",
  method: "get",
  path: "/pipelines/{id}/events",
  topic,
  summary: "Its events by the names of the specification, followed to its end",
  query: z.strictObject({ after: count.exactOptional() }),
  headers: { "last-event-id": "Where a client that lost its connection goes on. Before `after`." },
  answers: {
    200: { what: "One event an entry, or more; `id` is with the last of an entry's.", media: ["text/event-stream"] },
  },
  refusals: ["run_not_found", "too_many_clients"],
  async handle({ c, params, query }, api) {
    const run = await findRun(api.store, idOf(params));
    const encoder = () => {
      const translate = createTranslator();
      return (entry: Parameters<typeof translate>[0]) => {
        const translated = translate(entry);
        const last = translated.length - 1;
        return Buffer.concat(
          translated.map((event, index) => encodeEvent({ ...event, ...(index === last ? { id: entry.seq } : {}) })),
        );
      };
    };
    return streamEvents(c, api, { runId: run.runId, newest: run.seq, after: query.after ?? 0, encoder });
  },
});

const cancel = operation({
  id: "cancelPipeline",
  method: "post",
  path: "/pipelines/{id}/cancel",
  topic,
  summary: "Cancel it",
  body: z.looseObject({ reason: text.exactOptional() }),
  bodyOptional: true,
  answers: { 200: { what: "It is cancelled, or being so.", schema: z.looseObject({ id: text, status: text }) } },
  refusals: ["run_not_found", "run_finished", "run_restarted"],
  async handle({ c, params, body: { reason } }, { runtime }) {
    const run = await runtime.get(idOf(params));
    const result = await run.cancel(reason === undefined ? {} : { reason });
    if (result.accepted === false) return controlResponse(result);
    return c.json({ id: run.id, status: result.after ?? "cancelling", accepted: result.accepted });
  },
});

const graph = operation({
  ...drawRun,
  id: "drawPipeline",
  path: "/pipelines/{id}/graph",
  topic,
  summary: "Its graph with the state of each node, as SVG",
  handle: ({ params, ...asked }, api) => drawRun.handle({ ...asked, params: { runId: idOf(params) } }, api),
});

const questions = operation({
  id: "listPipelineQuestions",
  method: "get",
  path: "/pipelines/{id}/questions",
  topic,
  summary: "Its open questions",
  answers: {
    200: {
      what: "Questions as the specification has them.",
      schema: z.strictObject({
        questions: z.array(
          z.looseObject({
            qid: text,
            id: text,
            text,
            question: text,
            type: text,
            stage: text,
            options: z.array(z.looseObject({ key: text, label: text })),
            timeout_seconds: z.number().exactOptional(),
          }),
        ),
      }),
    },
  },
  refusals,
  async handle({ c, params }, { store, now }) {
    const open = await openQuestions(store, { runId: idOf(params), nowMs: now() });
    return c.json({
      questions: open.map((question) => ({
        qid: question.gate,
        id: question.gate,
        text: question.text,
        question: question.text,
        type: question.kind.toUpperCase(),
        stage:
          question.stage
            .split("/")
            .at(-1)
            ?.replace(/@[0-9]+$/, "") ?? "",
        options: question.options.map(({ key, label }) => ({ key, label })),
        ...(question.defaultChoice === undefined ? {} : { default: question.defaultChoice }),
        ...(question.deadlineLeftMs === undefined ? {} : { timeout_seconds: question.deadlineLeftMs / 1_000 }),
      })),
    });
  },
});

/** What clients call the answer, the first that is there. */
const ANSWERS = ["answer", "value", "selected_option", "option", "choice", "text"] as const;

const answer = operation({
  id: "answerPipelineQuestion",
  method: "post",
  path: "/pipelines/{id}/questions/{qid+}/answer",
  topic,
  summary: "Answer a question",
  body: z.looseObject(Object.fromEntries(ANSWERS.map((name) => [name, json.exactOptional()]))),
  answers: {
    200: { what: "It is taken.", schema: z.looseObject({ id: text, qid: text, accepted: z.boolean().nullable() }) },
  },
  refusals: ["run_not_found", "gate_not_found", "gate_answered", "answer_invalid", "run_finished", "run_cancelled"],
  async handle({ c, params, body }, { runtime }) {
    const run = await runtime.get(idOf(params));
    const qid = params["qid"] as string;
    const result = await run.answer(qid, answerIn(body));
    if (result.accepted === false) return controlResponse(result);
    return c.json({ id: run.id, qid, accepted: result.accepted, status: result.after ?? "pending" });
  },
});

/** Some send the whole option that was chosen. *Throws* `usage`. */
function answerIn(body: Readonly<Record<string, unknown>>): JsonValue {
  const name = ANSWERS.find((each) => body[each] !== undefined && body[each] !== null);
  if (name === undefined) throw new SafepointError("usage", `expected an answer as one of ${ANSWERS.join(", ")}`);
  const given = body[name] as JsonValue;
  const isOption = typeof given === "object" && given !== null && "key" in given;
  return isOption ? (given as { readonly key: JsonValue }).key : given;
}

const checkpoint = operation({
  id: "showPipelineCheckpoint",
  method: "get",
  path: "/pipelines/{id}/checkpoint",
  topic,
  summary: "Its checkpoint",
  answers: {
    200: {
      what: "The checkpoint, with the specification's names.",
      schema: z.looseObject({
        timestamp: time,
        current_node: text.nullable(),
        completed_nodes: z.array(text),
        node_retries: z.record(text, count),
        context_values: z.record(text, json),
      }),
    },
  },
  refusals,
  async handle({ c, params }, { store }) {
    const whole = await checkpointOf(store, idOf(params));
    return c.json({ ...whole, context_values: whole.context });
  },
});

const context = operation({
  id: "showPipelineContext",
  method: "get",
  path: "/pipelines/{id}/context",
  topic,
  summary: "Its context",
  answers: { 200: { what: "Key to value.", schema: z.record(text, json) } },
  refusals,
  handle: async ({ c, params }, { store }) => c.json(await contextOf(store, idOf(params))),
});

export const ATTRACTOR_OPERATIONS = [submit, show, events, cancel, graph, questions, answer, checkpoint, context];
