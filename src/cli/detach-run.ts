import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { systemRandom } from "../actors/clock.ts";
import { SafepointError } from "../errors.ts";
import type { StartOptions } from "../runtime/api.ts";
import type { Cli } from "./cli.ts";
import type { DriverOptions } from "./driver-options.ts";
import { driverWords } from "./driver-options.ts";
import { EXIT } from "./exit-codes.ts";
import { storeLocation, withStore } from "./open-store.ts";

export interface DetachRequest {
  readonly file: string;
  readonly options: DriverOptions;
  readonly start: StartOptions;
}

/**
 * Starts `safepoint run` again as a process of its own, in its own session, its output in a log beside the store; waits
 * until the run is stored and prints its id. When that process ends before, what it said is the error.
 */
export async function detachRun(cli: Cli, request: DetachRequest): Promise<number> {
  const location = storeLocation(cli);
  if (location === ":memory:") throw new SafepointError("usage", "--detach needs a store that outlives this process");
  if (request.file === "-") throw new SafepointError("usage", "--detach needs a file, not stdin");
  const runId = request.start.runId ?? systemRandom.id();
  return withStore(cli, { create: true }, async (store) => {
    if ((await store.read("run", { runId })).length > 0) {
      throw new SafepointError("run_exists", `there is a run "${runId}" already`, { details: { runId } });
    }
    const log = join(dirname(location), "detached", `${encodeURIComponent(runId)}.log`);
    const child = startDetached(cli, log, argumentsOf(cli, request, { runId, location }));
    const ended = once(child, "exit").then(([code]) => (typeof code === "number" ? code : EXIT.internal));
    const code = await untilStored(async () => (await store.read("run", { runId })).length > 0, {
      ended,
      watch: (changed) => store.watch(changed),
    });
    if (code !== undefined) return failedToStart(cli, log, code);
    child.unref();
    await cli.result({ runId, pid: child.pid ?? null, log }, () => runId);
    return EXIT.done;
  });
}

/** Answers with undefined once it is stored, with the exit code when the process ended before. */
async function untilStored(
  isStored: () => Promise<boolean>,
  news: { readonly ended: Promise<number>; watch(changed: () => void): () => void },
): Promise<number | undefined> {
  let changed = Promise.withResolvers<undefined>();
  const unwatch = news.watch(() => changed.resolve(undefined));
  try {
    for (;;) {
      changed = Promise.withResolvers<undefined>();
      if (await isStored()) return undefined;
      const code = await Promise.race([changed.promise, news.ended]);
      if (code !== undefined) return (await isStored()) ? undefined : code;
    }
  } finally {
    unwatch();
  }
}

function startDetached(cli: Cli, log: string, args: readonly string[]) {
  mkdirSync(dirname(log), { recursive: true });
  const output = openSync(log, "a", 0o600);
  try {
    // The driver beside this file, whether both are TypeScript or built.
    const bin = fileURLToPath(import.meta.url).replace(/detach-run\.(ts|js)$/, "bin.$1");
    const env = { ...cli.io.env, NO_COLOR: "1" };
    return spawn(process.execPath, [bin, ...args], {
      cwd: cli.io.cwd,
      env,
      detached: true,
      stdio: ["ignore", output, output],
    });
  } finally {
    closeSync(output);
  }
}

function argumentsOf(cli: Cli, request: DetachRequest, run: { runId: string; location: string }): readonly string[] {
  const { options, start } = request;
  return [
    "run",
    resolve(cli.io.cwd, request.file),
    `--run-id=${run.runId}`,
    `--store=${run.location}`,
    ...Object.entries(start.inputs ?? {}).map(([key, input]) => `--input=${key}=${JSON.stringify(input)}`),
    ...Object.entries(start.labels ?? {}).map(([key, label]) => `--label=${key}=${label}`),
    ...driverWords(options),
  ];
}

async function failedToStart(cli: Cli, log: string, code: number): Promise<number> {
  await cli.io.stderr.write(readFileSync(log, "utf8"));
  return code === 0 ? EXIT.internal : code;
}
