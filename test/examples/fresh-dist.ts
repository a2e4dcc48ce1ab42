/** The examples import the package as it is built: builds it where a source is newer. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { build } from "../package/commands.ts";
import { projectPaths, ROOT } from "../tidy/sources.ts";

/** Resolves when dist/ is at least as new as every file of src/. */
export async function freshDist(): Promise<void> {
  const builtAtMs = statSync(join(ROOT, "dist", "index.js"), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const sources = projectPaths().filter((path) => path.startsWith("src/") && path.endsWith(".ts"));
  if (sources.some((path) => statSync(join(ROOT, path)).mtimeMs >= builtAtMs)) await build();
}
