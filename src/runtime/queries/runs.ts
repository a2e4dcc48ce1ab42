import { SafepointError } from "../../errors.ts";
import type { JsonValue } from "../../graph/index.ts";
import type { Owner, RunRow, RunStatus, Store } from "../../persistence/store.ts";

export interface RunsQuery {
  readonly status?: readonly RunStatus[] | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

export interface RunsPage {
  readonly runs: readonly RunRow[];
  /** Where the next page begins; absent on the last one. */
  readonly cursor?: string;
}

export const RUNS_PAGE_DEFAULT = 50;

/** Runs, newest first, a page at a time. *Throws* `usage` for a limit or a cursor that is none. */
export async function listRuns(store: Store, query: RunsQuery = {}): Promise<RunsPage> {
  const limit = query.limit ?? RUNS_PAGE_DEFAULT;
  assertPage(limit, query.cursor);
  // One more than asked for tells whether there is a next page.
  const rows = await store.read("runs", {
    limit: limit + 1,
    ...(query.status && query.status.length > 0 ? { status: query.status } : {}),
    ...(query.labels && Object.keys(query.labels).length > 0 ? { labels: query.labels } : {}),
    ...(query.cursor === undefined ? {} : { cursor: query.cursor }),
  });
  const page = rows.slice(0, limit);
  const runs = page.map(({ cursor: _, ...run }) => run);
  const last = page.at(-1);
  return rows.length > limit && last ? { runs, cursor: last.cursor } : { runs };
}

function assertPage(limit: number, cursor: string | undefined): void {
  if (!Number.isSafeInteger(limit) || limit < 1) {
    throw new SafepointError("usage", `expected a limit from 1, found ${limit}`);
  }
  if (cursor !== undefined && !/^[0-9a-z]{1,10}$/.test(cursor)) {
    throw new SafepointError("usage", `expected the cursor of a page, found "${cursor}"`, { details: { cursor } });
  }
}

/** A run's row as it is shown outside: names as in the run view, times in RFC 3339. */
export interface RunSummary {
  readonly runId: string;
  readonly pipeline: { readonly name: string; readonly hash: string };
  readonly status: RunStatus;
  readonly statusReason?: string;
  readonly seq: number;
  readonly resumeEpoch: number;
  readonly createdAt: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
  /** Null: nobody drives it. */
  readonly owner: (Owner & { readonly leaseUntil?: string }) | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly inputs: Readonly<Record<string, JsonValue>>;
  readonly parentRun?: string;
}

export function summariseRun(run: RunRow): RunSummary {
  return {
    runId: run.runId,
    pipeline: { name: run.pipelineName, hash: run.pipelineHash },
    status: run.status,
    ...(run.statusReason === undefined ? {} : { statusReason: run.statusReason }),
    seq: run.seq,
    resumeEpoch: run.resumeEpoch,
    createdAt: instant(run.createdAtMs),
    ...(run.startedAtMs === undefined ? {} : { startedAt: instant(run.startedAtMs) }),
    ...(run.finishedAtMs === undefined ? {} : { finishedAt: instant(run.finishedAtMs) }),
    owner: run.owner
      ? { ...run.owner, ...(run.leaseUntilMs === undefined ? {} : { leaseUntil: instant(run.leaseUntilMs) }) }
      : null,
    labels: run.labels,
    inputs: run.inputs,
    ...(run.parentRun === undefined ? {} : { parentRun: run.parentRun }),
  };
}

/** Epoch ms as RFC 3339. */
export function instant(atMs: number): string {
  return new Date(atMs).toISOString();
}
