/**
 * Runs the tests of what touches Node itself (database, processes, command line, examples) on the oldest Node that
 * package.json allows: `npm run test:oldest-node [-- vitest's arguments]`. That Node comes from the npm registry, once.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const FOLDERS = ["persistence", "process", "cli", "conformance", "examples", "inspect", "docs"].map(
  (name) => `test/${name}`,
);

const root = fileURLToPath(new URL("..", import.meta.url));
const { engines } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { engines: { node: string } };
const version = oldest(engines.node);
const home = join(root, "node_modules", ".cache", `node-${version}`);
const bin = join(home, "node_modules", ".bin");

process.exitCode = fetchNode() || run();

/** The lowest version of a range like ">=22.18". */
function oldest(range: string): string {
  const [, major, minor = "0", patch = "0"] = /^>=(\d+)(?:\.(\d+))?(?:\.(\d+))?$/.exec(range) ?? [];
  if (major === undefined) throw new Error(`expected engines.node like ">=22.18", found "${range}"`);
  return `${major}.${minor}.${patch}`;
}

function fetchNode(): number {
  if (existsSync(join(bin, "node"))) return 0;
  mkdirSync(home, { recursive: true });
  return call("npm", ["install", "--prefix", home, "--no-save", "--no-audit", "--no-fund", `node@${version}`]);
}

function run(): number {
  const given = process.argv.slice(2);
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
  // First on the path as well: what tests start by name is this one too.
  return call(join(bin, "node"), [vitest, "run", ...(given.length > 0 ? given : FOLDERS)], {
    ...process.env,
    PATH: [bin, process.env["PATH"]].join(delimiter),
  });
}

function call(command: string, argv: readonly string[], env: NodeJS.ProcessEnv = process.env): number {
  const { status, error } = spawnSync(command, argv, { stdio: "inherit", cwd: root, env });
  if (error) throw error;
  return status ?? 1;
}
