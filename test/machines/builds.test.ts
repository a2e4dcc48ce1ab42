import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { type Digest, digestOfCharts } from "./probe.ts";

const run = promisify(execFile);
const probe = fileURLToPath(new URL("./probe.ts", import.meta.url));

async function digestIn(nodeEnv: string, conditions: readonly string[]): Promise<Digest & { readonly from: string }> {
  const args = [...conditions.map((condition) => `--conditions=${condition}`), probe];
  const { stdout } = await run(process.execPath, args, {
    env: { ...process.env, NODE_ENV: nodeEnv, NODE_OPTIONS: "" },
  });
  return JSON.parse(stdout);
}

it("the charts do the same under both builds of XState, and here", async () => {
  const production = await digestIn("production", []);
  const development = await digestIn("development", ["development"]);
  expect(production.from).toMatch(/xstate\.cjs\.mjs$/);
  expect(development.from).toMatch(/xstate\.development\.cjs\.mjs$/);
  expect(production.steps).toBeGreaterThan(5_000);
  expect(development.digest).toBe(production.digest);
  expect(digestOfCharts()).toEqual({ digest: production.digest, steps: production.steps });
});
