import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { currentOwner } from "../../actors/processes/identity.ts";
import { messageOf } from "../../errors.ts";
import type { Owner } from "../../persistence/store.ts";
import type { Cli } from "../cli.ts";
import { storeLocation } from "../open-store.ts";
import { packageEngines, packageVersion } from "../package-file.ts";
import type { AgentOnPath } from "./agents.ts";
import { findAgents } from "./agents.ts";
import type { DatabaseFacts } from "./database.ts";
import { readDatabase } from "./database.ts";
import type { SyncLatency } from "./sync-latency.ts";
import { measureSync } from "./sync-latency.ts";
import type { UnownedRun } from "./unowned-runs.ts";
import { findUnownedRuns } from "./unowned-runs.ts";

export interface Examination {
  /** Whether nothing stands in the way of running here. */
  readonly ok: boolean;
  readonly safepoint: string;
  readonly node: { readonly version: string; readonly required: string; readonly ok: boolean };
  readonly sqlite: string;
  readonly store: DatabaseFacts & { readonly location: string; readonly exists: boolean };
  readonly disk?: SyncLatency;
  readonly host: Owner;
  readonly agents: readonly AgentOnPath[];
  /** Live runs that nobody drives, with the handler types they need and this process does not have. */
  readonly unowned: readonly UnownedRun[];
  /** One sentence each. */
  readonly problems: readonly string[];
}

/** Looks at everything a run here depends on. Changes nothing but a file of its own, which it removes. */
export async function examine(cli: Cli, options: { readonly handlers?: string }): Promise<Examination> {
  const problems: string[] = [];
  const attempt = async <T>(look: () => Promise<T> | T, without: T): Promise<T> => {
    try {
      return await look();
    } catch (thrown) {
      problems.push(messageOf(thrown));
      return without;
    }
  };
  const location = storeLocation(cli);
  const exists = existsSync(location);
  const nothing: DatabaseFacts = { pragmas: {} };
  const facts = exists ? await attempt(() => readDatabase(location), nothing) : nothing;
  const readable = exists && problems.length === 0;
  const node = nodeFacts();
  if (!node.ok) problems.push(`Node ${node.version} is too old: Safepoint needs ${node.required}`);
  const disk = await attempt(() => measureSync(dirname(location)), undefined);
  const unowned = readable ? await attempt(() => findUnownedRuns(cli, options), []) : [];
  return {
    ok: problems.length === 0,
    safepoint: packageVersion(),
    node,
    sqlite: process.versions["sqlite"] ?? "unknown",
    store: { location, exists, ...facts },
    ...(disk ? { disk } : {}),
    host: currentOwner(),
    agents: findAgents(cli.io.env["PATH"] ?? ""),
    unowned,
    problems,
  };
}

function nodeFacts(): Examination["node"] {
  const required = packageEngines();
  const version = process.versions.node;
  const least = /(\d+)\.(\d+)/.exec(required);
  const found = /(\d+)\.(\d+)/.exec(version);
  const [major, minor] = [Number(found?.[1]), Number(found?.[2])];
  const [leastMajor, leastMinor] = [Number(least?.[1]), Number(least?.[2])];
  return { version, required, ok: major > leastMajor || (major === leastMajor && minor >= leastMinor) };
}
