/** Names, paths, tests and words that do not belong into the repository. One sentence a problem. */
import { isCallExpression, isIdentifier, isPropertyAccessExpression } from "typescript/unstable/ast";
import type { Source } from "./sources.ts";
import { lineOf, nodesOf, type Parsed } from "./syntax.ts";

const SEGMENT = /^\.?[a-z0-9]+(?:[-_.][a-z0-9]+)*$/;
const SHOUTED = /^[A-Z]+(?:\.md)?$/;
const HEAPS = new Set(["utils", "util", "helpers", "helper", "common", "misc", "shared", "lib", "types.ts"]);
/** Kept as its tools name it. */
const FREE_NAMES = new Set([".gitignore", ".npmrc", ".ci", "__snapshots__"]);

/** kebab-case, dots before a role or an ending; README-like names in capitals; no heaps of unrelated things. */
export function checkName(path: string): string[] {
  const problems: string[] = [];
  for (const segment of path.split("/")) {
    const stem = segment.replace(/\.ts$/, "");
    if (FREE_NAMES.has(segment) || SHOUTED.test(segment)) continue;
    if (!SEGMENT.test(segment) || (segment.endsWith(".ts") && segment.includes("_")))
      problems.push(`${path}: ${segment} is not kebab-case`);
    if (HEAPS.has(stem) || HEAPS.has(segment)) problems.push(`${path}: ${segment} is a heap, not a name`);
  }
  return problems;
}

/** Built from pieces, so that this file does not hold what it looks for. */
const PLACES = ["home", "Users", "root", "work", "workspace", "mnt"].join("|");
const MACHINE_PATH = new RegExp(`(?<![\\w.~)}\\]-])/(?:${PLACES})/[\\w.-]|\\b[A-Z]:\\\\{1,2}Users`);
const REGISTRY = new RegExp(`${"regis"}try.(?:npmjs|yarnpkg|npmmirror)|${"verda"}ccio|${"artif"}actory`, "i");
const UNFINISHED = new RegExp(`\\b(?:FIX${"ME"}|X${"XX"}|TO${"DO"}|HA${"CK"})\\b`);

export function checkText(source: Source): string[] {
  const problems: string[] = [];
  for (const [index, line] of source.text.split("\n").entries()) {
    const where = `${source.path}:${index + 1}`;
    if (MACHINE_PATH.test(line)) problems.push(`${where} names a path of one machine: ${line.trim().slice(0, 80)}`);
    if (REGISTRY.test(line)) problems.push(`${where} names a package registry: ${line.trim().slice(0, 80)}`);
    if (UNFINISHED.test(line)) problems.push(`${where} is marked unfinished: ${line.trim().slice(0, 80)}`);
  }
  return problems;
}

interface LockEntry {
  readonly resolved?: string;
  readonly link?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/**
 * A lock file that says where packages came from works only where that place can be reached; and one that leaves out the
 * builds for other platforms is refused by `npm ci`.
 */
export function checkLock(source: Source): string[] {
  const packages = (JSON.parse(source.text) as { packages?: Record<string, LockEntry> }).packages ?? {};
  const problems: string[] = [];
  for (const [name, entry] of Object.entries(packages)) {
    if (entry.resolved !== undefined && entry.link !== true)
      problems.push(`${source.path}: ${name} is resolved to ${entry.resolved}`);
    for (const optional of Object.keys(entry.optionalDependencies ?? {})) {
      const places = [`${name}/node_modules/${optional}`, `node_modules/${optional}`];
      if (!places.some((place) => place in packages))
        problems.push(`${source.path}: ${optional} of ${name} is left out`);
    }
  }
  return problems;
}

const RUNNERS = new Set(["it", "test", "describe", "suite", "bench", "context", "ctx"]);
const SELECTING = new Set(["only", "skip", "todo", "skipIf", "runIf"]);
const SHORTHANDS = new Set(["xit", "xtest", "xdescribe", "fit", "fdescribe"]);

/** Tests that are left out, or that leave out all others. */
export function checkSelection(file: Parsed): string[] {
  const problems: string[] = [];
  for (const node of nodesOf(file.tree)) {
    const shorthand = isCallExpression(node) && isIdentifier(node.expression) && SHORTHANDS.has(node.expression.text);
    const member =
      isPropertyAccessExpression(node) && SELECTING.has(node.name.text) && startsWithRunner(node.expression);
    if (shorthand || member) problems.push(`${file.path}:${lineOf(file, node.end)} selects tests: each runs, or goes`);
  }
  return problems;
}

function startsWithRunner(node: import("typescript/unstable/ast").Node): boolean {
  if (isIdentifier(node)) return RUNNERS.has(node.text);
  return (isPropertyAccessExpression(node) || isCallExpression(node)) && startsWithRunner(node.expression);
}
