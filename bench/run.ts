/**
 * The bench: `npm run bench -- [scenario …] [--part <text>] [--quick] [--json <file>] [--check]`. Each part of a scenario
 * is measured in a process of its own, one after the other. Ends with 1 when a part failed, or with --check when a target
 * was missed; with 2 when it was called wrongly.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Measurement } from "./measurement.ts";
import {
  exitCodeOf,
  failedParts,
  load,
  machine,
  missedTargets,
  type PartResult,
  type Report,
  renderPart,
} from "./report.ts";
import { SCENARIOS } from "./scenarios.ts";
import { SIZES, type SizeName } from "./sizes.ts";

const RESULTS = fileURLToPath(new URL("results", import.meta.url));
const MEASURE_PART = fileURLToPath(new URL("measure-part.ts", import.meta.url));

interface Request {
  readonly names: readonly string[];
  /** Only parts whose name has this text. */
  readonly part: string;
  readonly size: SizeName;
  readonly json: string | undefined;
  readonly check: boolean;
}

/** A text instead of a request says what is wrong with the arguments. */
function readRequest(args: readonly string[]): Request | string {
  const options = {
    part: { type: "string", default: "" },
    quick: { type: "boolean" },
    size: { type: "string" },
    json: { type: "string" },
    check: { type: "boolean" },
  } as const;
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    const unknown = positionals.find((name) => !(name in SCENARIOS));
    if (unknown !== undefined) return `there is no scenario ${unknown}; there are ${Object.keys(SCENARIOS).join(", ")}`;
    const size = values.size ?? (values.quick === true ? "quick" : "full");
    if (!(size in SIZES)) return `there is no size ${size}; there are ${Object.keys(SIZES).join(", ")}`;
    const names = positionals.length > 0 ? positionals : Object.keys(SCENARIOS);
    const { part } = values;
    if (names.every((name) => partsOf(name, part).length === 0))
      return `no part of ${names.join(", ")} has ${JSON.stringify(part)} in its name`;
    return {
      names,
      part,
      size: size as SizeName,
      json: values.json,
      check: values.check === true,
    };
  } catch (error) {
    return (error as Error).message;
  }
}

function partsOf(scenario: string, text: string): readonly string[] {
  return Object.keys(SCENARIOS[scenario]?.parts ?? {}).filter((name) => name.includes(text));
}

async function bench({ names, part: text, size, json, check }: Request): Promise<number> {
  const parts: PartResult[] = [];
  for (const scenario of names) {
    for (const part of partsOf(scenario, text)) {
      const result = await measureApart({ scenario, part, size });
      parts.push(result);
      console.log(renderPart(result));
    }
  }
  const report: Report = { at: new Date().toISOString(), size, machine: machine(), parts };
  writeReport(report, json);
  for (const line of missedTargets(report)) console.log(`MISSED ${line}`);
  for (const line of failedParts(report)) console.log(`FAILED ${line}`);
  return exitCodeOf(report, { check });
}

/** In a process of its own. NODE_ENV as in production: XState has another build for development. */
async function measureApart(of: { scenario: string; part: string; size: SizeName }): Promise<PartResult> {
  const { scenario, part, size } = of;
  const launch = SCENARIOS[scenario]?.launch?.[part];
  const env = { ...process.env, NODE_ENV: "production", ...launch?.env, ...(launch ? await compiledOnce() : {}) };
  const loadBefore = load();
  return new Promise((resolve) => {
    const child = fork(MEASURE_PART, [scenario, part, size], { env, execArgv: [...(launch?.nodeFlags ?? [])] });
    let measurements: readonly Measurement[] | undefined;
    child.on("message", (message) => {
      measurements = message as readonly Measurement[];
    });
    child.on("exit", (code, signal) => {
      const whole = measurements !== undefined && code === 0;
      resolve({
        scenario,
        part,
        loadBefore,
        measurements: whole ? (measurements ?? []) : [],
        ...(whole ? {} : { failure: `its process ended with ${signal ?? `code ${code}`}` }),
      });
    });
  });
}

/**
 * What a process is given that finds the program compiled, as one that runs from `dist/` does: it does not hold what
 * strips types. A process that measures nothing fills the cache.
 */
async function compiledOnce(): Promise<{ readonly NODE_COMPILE_CACHE: string }> {
  const cache = { NODE_COMPILE_CACHE: join(tmpdir(), "safepoint-bench-compiled") };
  const child = fork(MEASURE_PART, [], { env: { ...process.env, NODE_ENV: "production", ...cache } });
  await once(child, "exit");
  return cache;
}

function writeReport(report: Report, json: string | undefined): void {
  const text = `${JSON.stringify(report, null, 2)}\n`;
  const file = json ?? join(RESULTS, `${report.at.replaceAll(":", "-")}.json`);
  if (json === undefined) mkdirSync(RESULTS, { recursive: true });
  writeFileSync(file, text);
  console.log(`written to ${file}`);
}

const request = readRequest(process.argv.slice(2));
if (typeof request === "string") {
  console.error(`bench: ${request}`);
  process.exitCode = 2;
} else process.exitCode = await bench(request);
