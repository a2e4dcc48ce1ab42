/** The parts of a run, each by itself: what a page shows without reading all of it. */
import { z } from "zod";
import { activeStates } from "../../inspect/active-states.ts";
import { BRANCH_STATUSES, RUN_STATUSES } from "../../journal/status.ts";
import { LIST_ITEMS_MAX } from "../../limits.ts";
import { artifactBytes, artifactsOf } from "../../runtime/queries/artifacts.ts";
import { checkpointOf } from "../../runtime/queries/checkpoint.ts";
import { contextOf } from "../../runtime/queries/context.ts";
import { findRun } from "../../runtime/queries/find-run.ts";
import { lineageOf } from "../../runtime/queries/lineage.ts";
import { branchesOf } from "../../runtime/queries/regions/branches.ts";
import { joinsOf } from "../../runtime/queries/regions/joins.ts";
import { readWindow } from "../../runtime/queries/regions/paging.ts";
import { provenanceOf } from "../../runtime/queries/regions/provenance.ts";
import { viewOf } from "../../runtime/queries/view.ts";
import { operation } from "../api/operation.ts";
import { count, cursor, json, limit, place, seq, text, time } from "../schemas/basics.ts";
import { branchesPage, controlView, joinsPage, lineageView, stagesPage } from "../schemas/runs.ts";

const at = seq.exactOptional();
const ofRun = { topic: "runs", method: "get" } as const;
const runIdOf = (params: Readonly<Record<string, string>>) => params["runId"] as string;

const stages = operation({
  ...ofRun,
  id: "listStages",
  path: "/runs/{runId}/stages",
  summary: "Its stages in the order they began, in pages",
  query: z.strictObject({ at, limit, cursor }),
  answers: { 200: { what: "A page of stages.", schema: stagesPage } },
  refusals: ["run_not_found"],
  async handle({ c, params, query: { at: asked, ...page } }, { store, views, now }) {
    const { from, limit: most } = readWindow(page);
    const isFirst = from === 0 && asked === undefined;
    const point = { at: asked, now: now(), stagesFrom: from };
    const view = isFirst
      ? await views.read(runIdOf(params), now())
      : (await viewOf(store, runIdOf(params), point)).view;
    const { runId, seq: read, stagesTotal } = view;
    const shown = view.stages.slice(0, Math.min(most, LIST_ITEMS_MAX));
    const next = from + shown.length;
    return c.json({
      runId,
      seq: read,
      stages: shown,
      stagesTotal,
      ...(shown.length > 0 && next < stagesTotal ? { cursor: String(next) } : {}),
    });
  },
});

const branches = operation({
  ...ofRun,
  id: "listBranches",
  path: "/runs/{runId}/branches",
  summary: "Its branches in the order they began, in pages",
  query: z.strictObject({
    at,
    limit,
    cursor,
    status: z.array(z.enum(BRANCH_STATUSES)).exactOptional(),
    /** Only this branch or activation, and all below it. */
    branch: place.exactOptional(),
  }),
  answers: { 200: { what: "A page of branches.", schema: branchesPage } },
  refusals: ["run_not_found"],
  async handle({ c, params, query: { branch, ...query } }, { store }) {
    return c.json(await branchesOf(store, runIdOf(params), { ...query, within: branch }));
  },
});

const joins = operation({
  ...ofRun,
  id: "listJoins",
  path: "/runs/{runId}/joins",
  summary: "Its joins: policies, counts, and what was decided, in pages",
  query: z.strictObject({ at, limit, cursor }),
  answers: { 200: { what: "A page of joins.", schema: joinsPage } },
  refusals: ["run_not_found"],
  handle: async ({ c, params, query }, { store }) => c.json(await joinsOf(store, runIdOf(params), query)),
});

const control = operation({
  ...ofRun,
  id: "showControl",
  path: "/runs/{runId}/control",
  summary: "What it is doing about a pause or a cancel: draining, held, abandoned, and how it came there",
  answers: { 200: { what: "Its control.", schema: controlView } },
  refusals: ["run_not_found"],
  async handle({ c, params }, { views, now }) {
    const view = await views.read(runIdOf(params), now());
    const { runId, status, statusReason, seq: read, waitingOn } = view;
    const reason = statusReason === undefined ? {} : { statusReason };
    return c.json({ runId, status, ...reason, seq: read, waitingOn, ...view.control });
  },
});

const lineage = operation({
  ...ofRun,
  id: "showLineage",
  path: "/runs/{runId}/lineage",
  summary: "Where it comes from, what came of it, and how its control moved",
  answers: { 200: { what: "Its lineage.", schema: lineageView } },
  refusals: ["run_not_found"],
  handle: async ({ c, params }, { store }) => c.json(await lineageOf(store, runIdOf(params))),
});

const actors = operation({
  ...ofRun,
  id: "listActors",
  path: "/runs/{runId}/actors",
  summary: "Which state of its statechart each live actor is in, or was in at a seq",
  query: z.strictObject({ at }),
  answers: {
    200: {
      what: "Its live actors; none once it has ended.",
      schema: z.strictObject({
        runId: text,
        actors: z.array(
          z.strictObject({
            actor: text,
            chart: text,
            machine: text,
            seq: count,
            value: z.union([text, z.record(text, z.unknown())]),
            states: z.array(text),
          }),
        ),
      }),
    },
  },
  refusals: ["run_not_found"],
  async handle({ c, params, query }, { store }) {
    const { runId } = await findRun(store, runIdOf(params));
    return c.json({ runId, actors: await activeStates(store, runId, query) });
  },
});

const context = operation({
  ...ofRun,
  id: "showContext",
  path: "/runs/{runId}/context",
  summary: "Its context, as main or another branch reads it: one flat object",
  query: z.strictObject({ at, branch: text.exactOptional() }),
  answers: { 200: { what: "Key to value.", schema: z.record(text, json) } },
  refusals: ["run_not_found", "branch_not_found"],
  handle: async ({ c, params, query }, { store }) => c.json(await contextOf(store, runIdOf(params), query)),
});

const provenance = operation({
  ...ofRun,
  id: "showProvenance",
  path: "/runs/{runId}/provenance",
  summary: "Who wrote a key of its context",
  query: z.strictObject({ key: text, at, branch: place.exactOptional() }),
  answers: {
    200: {
      what: "Who wrote it, where, and from which branches it was merged.",
      schema: z.looseObject({ runId: text, key: text, branch: text, scope: text, value: json.exactOptional() }),
    },
  },
  refusals: ["run_not_found", "branch_not_found", "key_not_found"],
  handle: async ({ c, params, query }, { store }) => c.json(await provenanceOf(store, runIdOf(params), query)),
});

const checkpoint = operation({
  ...ofRun,
  id: "showCheckpoint",
  path: "/runs/{runId}/checkpoint",
  summary: "Everything it would go on from, as one document",
  answers: {
    200: {
      what: "The checkpoint, with the names of the Attractor specification beside ours.",
      schema: z.looseObject({
        runId: text,
        status: z.enum(RUN_STATUSES),
        seq: count,
        turn: count,
        timestamp: time,
        resumeEpoch: count,
        context: z.record(text, json),
        current_node: text.nullable(),
        completed_nodes: z.array(text),
        node_retries: z.record(text, count),
      }),
    },
  },
  refusals: ["run_not_found"],
  handle: async ({ c, params }, { store }) => c.json(await checkpointOf(store, runIdOf(params))),
});

const artifacts = operation({
  ...ofRun,
  id: "listArtifacts",
  path: "/runs/{runId}/artifacts",
  summary: "What its stages left behind",
  answers: {
    200: {
      what: "Its artifacts, without their bytes.",
      schema: z.strictObject({
        runId: text,
        artifacts: z.array(
          z.strictObject({
            artifact: text,
            stage: text,
            execution: text.exactOptional(),
            name: text,
            mediaType: text,
            hash: text,
            bytes: count,
            /** False where the execution was cut before it was whole. */
            complete: z.boolean(),
          }),
        ),
      }),
    },
  },
  refusals: ["run_not_found"],
  async handle({ c, params }, { store }) {
    const runId = runIdOf(params);
    return c.json({ runId, artifacts: await artifactsOf(store, runId) });
  },
});

const artifact = operation({
  ...ofRun,
  id: "getArtifact",
  path: "/runs/{runId}/artifacts/{artifact+}",
  summary: "One artifact, its bytes as they are",
  answers: { 200: { what: "Its bytes, under the type it was stored with.", media: ["*/*"] } },
  refusals: ["run_not_found", "artifact_not_found"],
  async handle({ params }, { store }) {
    const { row, bytes } = await artifactBytes(store, runIdOf(params), params["artifact"] as string);
    return new Response(bytes as Uint8Array<ArrayBuffer>, {
      headers: {
        "content-type": /^[\w.+-]+\/[\w.+-]+(?:; ?[\w=.-]+)*$/.test(row.mediaType)
          ? row.mediaType
          : "application/octet-stream",
        etag: `"${row.hash}"`,
        // What an agent wrote is never a page of this origin.
        "content-security-policy": "sandbox; default-src 'none'",
        "content-disposition": `attachment; filename*=UTF-8''${encodeURIComponent(row.name.toWellFormed())}`,
      },
    });
  },
});

export const PART_OPERATIONS = [
  control,
  stages,
  branches,
  joins,
  lineage,
  actors,
  context,
  provenance,
  checkpoint,
  artifacts,
  artifact,
];
