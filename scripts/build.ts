/**
 * Builds dist/ (or the folder named by --out-dir) from src/: JavaScript and declarations, one file a file. Run by
 * `npm run build` and, after an install from a checkout, by `prepare`.
 *
 * The compiler writes beside dist/ and the result takes its place at the end: a build that fails leaves the last good
 * one, and a program that starts meanwhile never sees half of it.
 */
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = fileURLToPath(new URL("..", import.meta.url));
const { values: options } = parseArgs({ options: { "out-dir": { type: "string", default: join(root, "dist") } } });
const dist = resolve(options["out-dir"]);
const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
const bundler = join(root, "node_modules", "vite", "bin", "vite.js");
const executables = ["cli/bin.js"];

process.exitCode = build();

function build(): number {
  if (!existsSync(compiler)) return withoutCompiler();
  mkdirSync(dirname(dist), { recursive: true });
  const next = mkdtempSync(join(dirname(dist), ".dist-"));
  // A temporary directory is its maker's alone; whoever may read the checkout may run what is built in it.
  chmodSync(next, 0o755);
  try {
    const made = compile(next);
    if (made !== 0) return made;
    rewriteDeclarations(next);
    const bundled = bundleDashboard(join(next, "web"));
    if (bundled !== 0) return bundled;
    for (const file of executables) if (existsSync(join(next, file))) chmodSync(join(next, file), 0o755);
    takePlace(next);
    linkCommand();
    return 0;
  } finally {
    rmSync(next, { recursive: true, force: true });
  }
}

/**
 * `npx safepoint` in the checkout runs what was built. Without the link npx installs the checkout into a folder of its
 * own at every call, which takes seconds.
 */
function linkCommand(): void {
  const commands = join(root, "node_modules", ".bin");
  const link = join(commands, "safepoint");
  if (dist !== join(root, "dist") || !existsSync(commands)) return;
  rmSync(link, { force: true });
  try {
    symlinkSync(join("..", "..", "dist", "cli", "bin.js"), link);
  } catch (error) {
    // Another build made it, or the file system has no links: npx finds its own way then.
    if (!["EEXIST", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}

/** `npm ci --omit=dev` in a checkout runs `prepare` without a compiler; that is no reason to fail the install. */
function withoutCompiler(): number {
  const installing = process.env["npm_lifecycle_event"] === "prepare";
  console.error("build: the typescript package is not installed; run npm ci with development dependencies.");
  return installing ? 0 : 1;
}

function compile(outDir: string): number {
  const argv = [compiler, "-p", join(root, "tsconfig.build.json"), "--outDir", outDir];
  const result = spawnSync(process.execPath, argv, { stdio: "inherit", cwd: root });
  if (result.error) throw result.error;
  return result.status ?? 1;
}

/** The dashboard is a page and no module of the library: a bundle of its own, made of `src/web`. */
function bundleDashboard(outDir: string): number {
  const config = join(root, "scripts", "vite.config.ts");
  const argv = [bundler, "build", "--config", config, "--outDir", outDir, "--emptyOutDir", "--logLevel", "warn"];
  const result = spawnSync(process.execPath, argv, { stdio: "inherit", cwd: root });
  if (result.error) throw result.error;
  return result.status ?? 1;
}

/** The compiler turns `./a.ts` into `./a.js` in JavaScript and leaves it in declarations, where `./a.ts` is not shipped. */
function rewriteDeclarations(dir: string): void {
  for (const entry of readdirSync(dir, { recursive: true, encoding: "utf8" })) {
    if (!entry.endsWith(".d.ts")) continue;
    const file = join(dir, entry);
    const text = readFileSync(file, "utf8");
    const rewritten = text.replace(/((?:from|import)\s*\(?\s*["']\.{1,2}\/[^"'\n]*?)(?<!\.d)\.ts(["'])/g, "$1.js$2");
    if (rewritten !== text) writeFileSync(file, rewritten);
  }
}

/** Another build may be doing the same: the last one wins, and neither fails. */
function takePlace(next: string): void {
  const old = `${next}-old`;
  for (let tries = 0; ; tries += 1) {
    if (existsSync(dist)) moveAway(old);
    try {
      renameSync(next, dist);
      break;
    } catch (error) {
      if (tries === 100) throw error;
    }
  }
  rmSync(old, { recursive: true, force: true });
}

function moveAway(old: string): void {
  rmSync(old, { recursive: true, force: true });
  try {
    renameSync(dist, old);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
