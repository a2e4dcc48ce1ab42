/** Journals: a page as JSON, or followed as server-sent events. Source: 05 §2, 02 §6. */
import type { Context } from "hono";
import { z } from "zod";
import { SafepointError } from "../../errors.ts";
import { CATALOGUE, type EntryType } from "../../journal/catalogue.ts";
import { EVENTS_PAGE_MAX } from "../../limits.ts";
import { outsideEntry } from "../../runtime/queries/entry-outside.ts";
import { findRun } from "../../runtime/queries/find-run.ts";
import { newestGseq } from "../../runtime/queries/newest-gseq.ts";
import { operation } from "../api/operation.ts";
import type { Api } from "../api.ts";
import { count, place, text, time } from "../schemas/basics.ts";
import { named } from "../schemas/named.ts";
import { eventStream, type OtherQuery } from "../sse/event-stream.ts";
import type { SourceQuery } from "../sse/source.ts";

export const STREAM = "text/event-stream";
const types = Object.keys(CATALOGUE) as [EntryType, ...EntryType[]];

export const entrySchema = named(
  "JournalEntry",
  z.strictObject({
    runId: text,
    seq: count,
    gseq: count,
    turn: count,
    at: time,
    type: z.enum(types),
    v: count,
    branch: text.exactOptional(),
    stage: text.exactOptional(),
    attempt: count.exactOptional(),
    execution: text.exactOptional(),
    data: z.record(text, z.unknown()),
    cause: z.strictObject({ commandId: text, actor: text }).exactOptional(),
  }),
);

const query = z.strictObject({
  after: count.exactOptional(),
  limit: z.number().int().min(1).max(EVENTS_PAGE_MAX).exactOptional(),
  /** Only of this branch or activation, and all below it. */
  branch: place.exactOptional(),
  stage: place.exactOptional(),
  type: z.array(z.enum(types)).exactOptional(),
});
type Query = z.output<typeof query>;

const answers = {
  200: {
    what: "A page of entries; `cursor` is the `after` of the next one. As a stream: one event an entry.",
    schema: z.strictObject({
      runId: text.exactOptional(),
      events: z.array(entrySchema),
      cursor: count.exactOptional(),
    }),
    media: [STREAM],
  },
};
const headers = { "last-event-id": "Of a stream: where a client that lost its connection goes on. Before `after`." };
const refusals = ["run_not_found", "not_acceptable", "too_many_clients"] as const;

export const EVENT_OPERATIONS = [
  operation({
    id: "listRunEvents",
    method: "get",
    path: "/runs/{runId}/events",
    topic: "events",
    summary: "The journal of a run: a page of it, or followed to the run's end",
    query,
    headers,
    answers,
    refusals,
    async handle({ c, params, query: asked }, api) {
      const run = await findRun(api.store, params["runId"] as string);
      return answer(c, api, { runId: run.runId, newest: run.seq, asked });
    },
  }),
  operation({
    id: "listEvents",
    method: "get",
    path: "/events",
    topic: "events",
    summary: "The journal of all runs: a page of it, or followed without end",
    query: query.extend({
      /** From what is written from now on; with a stream. */
      live: z.boolean().exactOptional(),
    }),
    headers,
    answers,
    refusals,
    async handle({ c, query: { live, ...asked } }, api) {
      const newest = await newestGseq(api.store);
      return answer(c, api, { newest, asked: live && asked.after === undefined ? { ...asked, after: newest } : asked });
    },
  }),
];

interface Wanted {
  readonly runId?: string;
  readonly newest: number;
  readonly asked: Query;
}

async function answer(c: Context, api: Api, { runId, newest, asked }: Wanted): Promise<Response> {
  const { branch, stage, type, after = 0, limit = EVENTS_PAGE_MAX } = asked;
  const filter = {
    ...(runId === undefined ? {} : { runId }),
    ...(branch === undefined ? {} : { within: branch }),
    ...(stage === undefined ? {} : { stage }),
    ...(type === undefined ? {} : { types: type }),
  };
  // A run's journal is read as often as followed; that of all runs is a stream, unless somebody asks for JSON.
  if (formOf(c, runId === undefined ? "stream" : "json") === "stream")
    return streamEvents(c, api, { ...filter, after, newest });
  const entries = await api.store.read("journal", { ...filter, after, limit });
  const last = entries.at(-1);
  const isLast = entries.length < limit || last === undefined;
  return c.json({
    ...(runId === undefined ? {} : { runId }),
    events: entries.map(outsideEntry),
    ...(isLast ? {} : { cursor: runId === undefined ? last.gseq : last.seq }),
  });
}

/** A client that comes back goes on by the id of what it had last, whatever its query says. *Throws* `usage`. */
export function streamEvents(c: Context, api: Api, query: SourceQuery): Response {
  return streamResponse(c, api, { ...query, after: lastEventId(c) ?? query.after });
}

/** *Throws* `too_many_clients`. */
export function streamResponse(c: Context, api: Api, query: SourceQuery | OtherQuery): Response {
  return new Response(eventStream(api, { ...query, cut: cutterOf(c) }), {
    headers: { "content-type": STREAM, "cache-control": "no-cache, no-transform", "x-accel-buffering": "no" },
  });
}

/** Under Node a connection whose client takes nothing can only be ended from below. */
function cutterOf(c: Context): (() => void) | undefined {
  const { outgoing } = (c.env ?? {}) as { readonly outgoing?: { readonly destroy?: () => void } };
  return outgoing?.destroy && (() => outgoing.destroy?.());
}

/** `preferred` where either will do. *Throws* `not_acceptable`. */
function formOf(c: Context, preferred: "stream" | "json"): "stream" | "json" {
  const accepted = (c.req.header("accept") ?? "*/*").toLowerCase();
  if (accepted.includes(STREAM)) return "stream";
  if (accepted.includes("application/json")) return "json";
  if (accepted.includes("*/*") || accepted.trim() === "") return preferred;
  if (accepted.includes("application/*")) return "json";
  if (accepted.includes("text/*")) return "stream";
  throw new SafepointError(
    "not_acceptable",
    `expected to be asked for application/json or ${STREAM}, found "${accepted}"`,
  );
}

/** *Throws* `usage` for what is no id of ours. */
function lastEventId(c: Context): number | undefined {
  const told = c.req.header("last-event-id");
  if (told === undefined || told === "") return undefined;
  if (/^[0-9]{1,15}$/.test(told)) return Number(told);
  throw new SafepointError("usage", `expected last-event-id to be the id of an event, found "${told}"`);
}
