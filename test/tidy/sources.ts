/** The files of this repository as the tidy checks see them: path from the root, and text. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export interface Source {
  /** From the root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const IGNORED = new Set(["node_modules", "dist", "coverage", ".git", ".safepoint"]);
const IGNORED_PATHS = new Set(["bench/results"]);
const BINARY = /\.(?:png|jpg|gif|ico|woff2?|wasm|db|tgz)$/;

/** Every path that belongs to the project, in order: what an ignore rule leaves out is left out. */
export function projectPaths(dir = ""): string[] {
  const paths: string[] = [];
  for (const entry of readdirSync(join(ROOT, dir), { withFileTypes: true })) {
    const path = dir === "" ? entry.name : `${dir}/${entry.name}`;
    if (IGNORED.has(entry.name) || IGNORED_PATHS.has(path) || entry.name.startsWith(".dist-")) continue;
    if (entry.isDirectory()) paths.push(...projectPaths(path));
    else if (entry.isFile()) paths.push(path);
  }
  return paths.sort();
}

export function readSource(path: string): Source {
  return { path, text: readFileSync(join(ROOT, path), "utf8") };
}

export function textSources(): Source[] {
  return projectPaths()
    .filter((path) => !BINARY.test(path))
    .map(readSource);
}

/** TypeScript files, optionally only those under the given folders. */
export function codeSources(...under: string[]): Source[] {
  return projectPaths()
    .filter((path) => /\.tsx?$/.test(path) && (under.length === 0 || under.some((dir) => path.startsWith(`${dir}/`))))
    .map(readSource);
}

/** The room of `src/` a file lives in; `index.ts` for the files at its top. Undefined outside `src/`. */
export function roomOf(path: string): string | undefined {
  const [top, room] = path.split("/");
  return top === "src" ? room : undefined;
}
