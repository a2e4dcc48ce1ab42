/** Starts a run that a request asks for; asked again under the same key, finds it. Source: 05 §2. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { isSafepointError, SafepointError } from "../errors.ts";
import { resolveFiles } from "../graph/expand-files.ts";
import type { Graph, JsonValue } from "../graph/index.ts";
import { parsePipeline } from "../graph/parser.ts";
import { toDot } from "../graph/to-dot.ts";
import { findRun } from "../runtime/queries/find-run.ts";
import type { Api } from "./api.ts";

export interface StartRequest {
  readonly source?: string;
  readonly pipeline?: string;
  readonly runId?: string;
  readonly inputs?: Readonly<Record<string, JsonValue>>;
  readonly labels?: Readonly<Record<string, string>>;
  /** Whoever asks again under the same key means the same run. */
  readonly key?: string | undefined;
}

export interface Started {
  readonly runId: string;
  /** Whether it was there already. */
  readonly isRepeated: boolean;
}

const KEY_CHARS_MAX = 256;
/** Of the digest of a key in a run's id: no two keys share as many. */
const DIGEST_CHARS = 32;

/**
 * A key becomes the run's id, where the request names none: so the store itself sees to it that there is one run, after a
 * restart and with several servers too. *Throws* what `Runtime.start` does; `command_id_reused` for a key that stands for
 * another request.
 */
export async function startRun(api: Api, request: StartRequest): Promise<Started> {
  const { key } = request;
  if (key === undefined) return startOnce(api, request);
  // One after the other: what the second is compared with has to be stored.
  const before = api.startsByKey.get(key);
  const mine = Promise.resolve(before?.catch(() => {})).then(() => startOnce(api, request));
  api.startsByKey.set(key, mine);
  try {
    return await mine;
  } finally {
    if (api.startsByKey.get(key) === mine) api.startsByKey.delete(key);
  }
}

async function startOnce(api: Api, request: StartRequest): Promise<Started> {
  const { key } = request;
  const pipeline = pipelineOf(api, request);
  const inputs = request.inputs ?? {};
  const labels = request.labels ?? {};
  const runId = request.runId ?? (key === undefined ? undefined : idOfKey(key));
  if (key !== undefined && runId !== undefined) rememberKey(api, key, runId);
  const { baseDir } = api.options;
  try {
    const options = {
      inputs,
      labels,
      ...(runId === undefined ? {} : { runId }),
      ...(baseDir === undefined ? {} : { baseDir }),
    };
    const run = await api.runtime.start(pipeline, options);
    return { runId: run.id, isRepeated: false };
  } catch (failure) {
    if (key === undefined || runId === undefined || !isSafepointError(failure) || failure.code !== "run_exists")
      throw failure;
    const there = await findRun(api.store, runId);
    const isSame =
      there.pipelineHash === hashOf(pipeline, baseDir) &&
      isDeepStrictEqual(plain(there.inputs), plain(inputs)) &&
      isDeepStrictEqual(plain(there.labels), plain(labels));
    if (isSame) return { runId, isRepeated: true };
    throw reused(key, runId);
  }
}

const KEYS_KEPT_MAX = 10_000;

/** Where requests name their runs themselves, the store cannot tell that a key has been used for another one. */
function rememberKey({ runsByKey }: Api, key: string, runId: string): void {
  const known = runsByKey.get(key);
  if (known !== undefined && known !== runId) throw reused(key, known);
  runsByKey.set(key, runId);
  if (runsByKey.size > KEYS_KEPT_MAX) runsByKey.delete(runsByKey.keys().next().value as string);
}

function reused(key: string, runId: string): SafepointError {
  return new SafepointError("command_id_reused", `the key "${key}" stands for another request, about run ${runId}`, {
    details: { key, runId },
  });
}

function pipelineOf({ options }: Api, { source, pipeline }: StartRequest): Graph | string {
  if ((source === undefined) === (pipeline === undefined)) {
    throw new SafepointError(
      "usage",
      "expected source, a pipeline's text, or pipeline, a definition's name; one of them",
    );
  }
  const definition = pipeline === undefined ? undefined : definitionOf(options.definitions, pipeline);
  if (definition !== undefined) return definition;
  const text = source ?? (pipeline as string);
  if (source !== undefined || text.includes("{")) return text;
  const known = Object.keys(options.definitions ?? {});
  throw new SafepointError("pipeline_not_found", `there is no pipeline "${text}"`, {
    details: { pipeline: text, known },
  });
}

function definitionOf(definitions: Api["options"]["definitions"] = {}, name: string): Graph | string | undefined {
  return Object.hasOwn(definitions, name) ? definitions[name] : undefined;
}

function idOfKey(key: string): string {
  if (key === "" || key.length > KEY_CHARS_MAX) {
    throw new SafepointError("usage", `expected an idempotency key of 1 to ${KEY_CHARS_MAX} characters`);
  }
  return `key-${createHash("sha256").update(key).digest("hex").slice(0, DIGEST_CHARS)}`;
}

/** The hash under which a pipeline is pinned when it is started. */
function hashOf(pipeline: Graph | string, baseDir = process.cwd()): string {
  const read = typeof pipeline === "string" ? parsePipeline(pipeline) : pipeline;
  const complete = resolveFiles(read, (path) => readFileText(resolve(baseDir, path)));
  const source = complete === read && read.source !== "" ? read.source : toDot(complete);
  return createHash("sha256").update(source).digest("hex");
}

function readFileText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** Without what JSON does not tell apart, such as prototypes. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
