/** What a first command waits for: the built command line and the built library, against a Node that does nothing. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { summarise } from "../measurement.ts";
import type { Part, Scenario } from "../scenario.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const BIN = join(ROOT, "dist", "cli", "bin.js");
const LIBRARY = pathToFileURL(join(ROOT, "dist", "index.js")).href;
const HELLO = join(ROOT, "examples", "hello", "pipeline.dot");
const RUN_MS_MAX = 400;
const IMPORT_MS_MAX = 150;

/** What is loaded by the import, and what more by the first runtime. */
const IMPORT = `
  const cpu = process.cpuUsage();
  const started = performance.now();
  const { createRuntime } = await import(${JSON.stringify(LIBRARY)});
  const ms = performance.now() - started;
  const { user, system } = process.cpuUsage(cpu);
  const runtime = await createRuntime();
  const openMs = performance.now() - started;
  await runtime.stop();
  process.stdout.write(JSON.stringify({ ms, openMs, cpuMs: (user + system) / 1000 }));`;

interface Sample {
  readonly bare: number;
  readonly version: number;
  readonly run: number;
  readonly imported: number;
  readonly opened: number;
  readonly importCpu: number;
}

const coldStart: Part = async ({ sizes, folder }) => {
  for (const file of [BIN, HELLO]) if (!existsSync(file)) throw new Error(`${file} is missing: npm run build`);
  const samples: Sample[] = [];
  for (let sample = 0; sample <= sizes.samples; sample++) {
    const store = join(folder, `cold-${sample}.db`);
    const imported = JSON.parse(start(["--input-type=module", "-e", IMPORT]).output) as Record<
      "ms" | "openMs" | "cpuMs",
      number
    >;
    const taken: Sample = {
      bare: start(["-e", "0"]).ms,
      version: start([BIN, "--version"]).ms,
      run: start([BIN, "run", HELLO, "--store", store, "--json"]).ms,
      imported: imported.ms,
      opened: imported.openMs,
      importCpu: imported.cpuMs,
    };
    // The first brings the files into memory.
    if (sample > 0) samples.push(taken);
  }
  const of = (what: string, key: keyof Sample, atMost?: number) =>
    summarise(
      what,
      samples.map((sample) => sample[key]),
      {
        unit: "ms",
        ...(atMost === undefined ? {} : { target: { atMost } }),
      },
    );
  return [
    of("node -e 0", "bare"),
    of("safepoint --version", "version"),
    of("safepoint run examples/hello", "run", RUN_MS_MAX),
    of('import "safepoint"', "imported", IMPORT_MS_MAX),
    of('import "safepoint", CPU time', "importCpu"),
    of('import "safepoint" and open a runtime', "opened"),
    summarise(
      "run to node -e 0",
      samples.map(({ run, bare }) => run / bare),
      { unit: "×" },
    ),
  ];
};

function start(args: readonly string[]): { readonly ms: number; readonly output: string } {
  const started = performance.now();
  const output = execFileSync(process.execPath, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  return { ms: performance.now() - started, output };
}

export const cold: Scenario = {
  about: "cold start of the command line, import of the library",
  parts: { "from dist": coldStart },
};
