/**
 * Runs a pipeline with the program that was built. Flaky on purpose: like a service that is not up yet, it fails until
 * it has been called once. `node smoke.ts <directory>`
 */
import { execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const directory = process.argv[2];
if (!directory) throw new Error("smoke.ts expects the directory it may write to");
const marker = join(directory, "called-once");
if (!existsSync(marker)) {
  writeFileSync(marker, "");
  console.error("not ready yet; try again");
  process.exit(75);
}

const command = [
  "dist/cli/bin.js",
  "run",
  "examples/hello/pipeline.dot",
  "--json",
  "--store",
  join(directory, "smoke.db"),
];
const view = JSON.parse(execFileSync(process.execPath, command, { encoding: "utf8" })) as { status: string };
console.log(`hello: ${view.status}`);
process.exitCode = view.status === "completed" ? 0 : 1;
