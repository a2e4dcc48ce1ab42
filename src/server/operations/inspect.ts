/** What the actors of runs do that are driven in this process: the inspection feed as server-sent events. Source: 02 §2, 05 §2. */
import type { Context } from "hono";
import { z } from "zod";
import { SafepointError } from "../../errors.ts";
import { isFinalStatus, RUN_STATUSES } from "../../journal/status.ts";
import { findRun } from "../../runtime/queries/find-run.ts";
import { operation } from "../api/operation.ts";
import type { Api } from "../api.ts";
import { count, text, time } from "../schemas/basics.ts";
import { named } from "../schemas/named.ts";
import { type StepQuery, StepSource } from "../sse/step-source.ts";
import { STREAM, streamResponse } from "./events.ts";

const CHARTS = ["run", "branch", "stage"] as const;

/** Sent first: what is seen from here on, and by whom it would have to be driven. */
export const liveEvent = named(
  "InspectionLive",
  z.strictObject({
    runId: text.exactOptional(),
    since: time,
    process: z.strictObject({ host: text, bootId: text, pid: count, processStart: text }),
  }),
);

export const stepEvent = named(
  "InspectedStep",
  z.strictObject({
    runId: text,
    actor: text,
    /** Null: nothing happened, this is how the feed found the actor. */
    event: z.looseObject({ type: text }).nullable(),
    snapshot: z.strictObject({
      status: z.enum(["active", "done"]),
      value: z.union([text, z.record(text, z.unknown())]),
      context: z.record(text, z.unknown()),
    }),
    /** Of the turn. */
    seq: count,
    at: time,
    /** Steps that this client lost immediately before this one. */
    dropped: count.exactOptional(),
  }),
);

export const endEvent = z.strictObject({
  runId: text,
  status: z.enum(RUN_STATUSES),
  statusReason: text.exactOptional(),
  seq: count,
  restartedAs: text.exactOptional(),
});

const query = z.strictObject({
  /** As in a step: `run`, `branch:main`, `stage:main/build@1`. */
  actor: text.exactOptional(),
  chart: z.enum(CHARTS).exactOptional(),
});
const what =
  "First how the actors are that live, then each step after its commit. Nothing is kept: there is no way back to what was missed.";

export const INSPECT_OPERATIONS = [
  operation({
    id: "inspectRun",
    method: "get",
    path: "/runs/{runId}/inspect",
    topic: "inspection",
    summary: "What the actors of a run do that is driven here, step by step as it happens",
    query,
    answers: { 200: { what, media: [STREAM], events: { live: liveEvent, step: stepEvent, end: endEvent } } },
    refusals: ["run_not_found", "not_acceptable", "too_many_clients"],
    async handle({ c, params, query: asked }, api) {
      const { runId, status } = await findRun(api.store, params["runId"] as string);
      return streamSteps(c, api, { ...asked, runId, isEnded: isFinalStatus(status) });
    },
  }),
  operation({
    id: "inspect",
    method: "get",
    path: "/inspect",
    topic: "inspection",
    summary: "What the actors of all runs do that are driven here, step by step as it happens",
    query,
    answers: { 200: { what, media: [STREAM], events: { live: liveEvent, step: stepEvent } } },
    refusals: ["not_acceptable", "too_many_clients"],
    handle: ({ c, query: asked }, api) => streamSteps(c, api, asked),
  }),
];

/** *Throws* `not_acceptable`: there is no page of what is not kept. */
function streamSteps(c: Context, api: Api, asked: StepQuery): Response {
  const accepted = c.req.header("accept") ?? "";
  if (!/text\/event-stream|text\/\*|\*\/\*|^\s*$/i.test(accepted))
    throw new SafepointError("not_acceptable", `expected to be asked for ${STREAM}, found "${accepted}"`);
  const { runId } = asked;
  const open = () => new StepSource(api, asked);
  return streamResponse(c, api, runId === undefined ? { open } : { runId, open });
}
