/** Runs programs as a user would, with our own Node first on the path. */
import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { ROOT } from "../tidy/sources.ts";

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Resolves with how the program ended; a failure to start is a rejection. */
export function run(
  file: string,
  args: readonly string[],
  options: { cwd: string; timeoutMs?: number },
): Promise<Finished> {
  const path = [dirname(process.execPath), process.env["PATH"] ?? ""].join(":");
  const { NODE_OPTIONS: _options, VITEST: _vitest, NODE_ENV: _env, ...inherited } = process.env;
  const env = { ...inherited, PATH: path, CI: "true", NO_COLOR: "1", npm_config_update_notifier: "false" };
  return new Promise((resolve, reject) => {
    execFile(
      file,
      args,
      { cwd: options.cwd, env, timeout: options.timeoutMs ?? 60_000, maxBuffer: 32 * 1024 * 1024 },
      (error, stdout, stderr) => {
        if (error && typeof error.code !== "number") reject(error);
        else resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
      },
    );
  });
}

/** The same, and an error with all that was printed unless it exits 0. */
export async function runWell(
  file: string,
  args: readonly string[],
  options: Parameters<typeof run>[2],
): Promise<Finished> {
  const finished = await run(file, args, options);
  if (finished.code === 0) return finished;
  throw new Error(`${file} ${args.join(" ")} exited ${finished.code}\n${finished.stdout}\n${finished.stderr}`);
}

/** Builds dist/ from what is in src/ now; nothing is done, and nobody disturbed, where it is built already. */
export async function build(): Promise<void> {
  if (!isBuilt()) await runWell(process.execPath, [join(ROOT, "scripts", "build.ts")], { cwd: ROOT });
}

function isBuilt(): boolean {
  const dist = join(ROOT, "dist");
  if (!existsSync(join(dist, "index.js"))) return false;
  // The dashboard is a bundle: its files are not those it is made of.
  const page = filesOf(join(ROOT, "src", "web"), /\.\w+$/);
  const bundle = filesOf(join(dist, "web"), /\.\w+$/);
  const sources = filesOf(join(ROOT, "src"), /(?<!\.d)\.ts$/).filter((file) => !page.includes(file));
  const scripts = [
    "scripts/build.ts",
    "scripts/vite.config.ts",
    "tsconfig.json",
    "tsconfig.build.json",
    "package.json",
  ].map((path) => join(ROOT, path));
  const newest = Math.max(...[...sources, ...page, ...scripts].map((file) => statSync(file).mtimeMs));
  const built = filesOf(dist, /\.js$/).filter((file) => !bundle.includes(file));
  if (bundle.length === 0 || bundle.some((file) => statSync(file).mtimeMs < newest)) return false;
  return built.length === sources.length && Math.min(...built.map((file) => statSync(file).mtimeMs)) > newest;
}

function filesOf(dir: string, ending: RegExp): string[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { recursive: true, encoding: "utf8" })
    .filter((path) => ending.test(path))
    .map((path) => join(dir, path));
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly exports: Readonly<Record<string, unknown>>;
}

export function manifest(): Manifest {
  return JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as Manifest;
}
