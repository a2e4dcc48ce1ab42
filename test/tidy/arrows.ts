/** Who may import whom: the rooms of `src/`, the packages, and no cycles. One sentence a problem. */
import { posix } from "node:path";
import { roomOf } from "./sources.ts";
import { importsOf, type Parsed } from "./syntax.ts";

interface Arrow {
  /** A room, or the start of a path below `src/`. */
  readonly to: string;
  readonly typesOnly?: boolean;
}

/** Every room may import `errors.ts` and `limits.ts`; what else is said here. The table of ARCHITECTURE.md. */
export const ARROWS: Readonly<Record<string, readonly Arrow[]>> = {
  graph: [],
  machines: [{ to: "graph" }, { to: "journal/address.ts" }, { to: "journal", typesOnly: true }],
  journal: [{ to: "graph", typesOnly: true }],
  persistence: [{ to: "journal" }, { to: "graph", typesOnly: true }],
  // Of persistence the port, and what is written against the port alone.
  actors: ["graph", "machines", "journal", "persistence/store.ts", "persistence/group-commit.ts"].map((to) => ({ to })),
  runtime: [{ to: "graph" }, { to: "machines" }, { to: "journal" }, { to: "actors" }, { to: "persistence" }],
  inspect: [{ to: "machines" }, { to: "runtime" }, { to: "persistence/store.ts", typesOnly: true }],
  server: [
    ...["runtime", "inspect", "journal", "graph"].map((to) => ({ to })),
    { to: "persistence/store.ts", typesOnly: true },
  ],
  cli: ["graph", "journal", "persistence", "actors", "runtime", "inspect", "server"].map((to) => ({ to })),
  // A page of its own that knows the rest over HTTP: of the rooms it sees what their answers look like.
  web: ["journal", "server", "graph"].map((to) => ({ to, typesOnly: true })),
  testing: ["graph", "machines", "journal", "persistence", "actors", "runtime", "inspect"].map((to) => ({ to })),
};

/** The files at the top of `src/` that any room may import. */
const FOUNDATION = new Set(["errors.ts", "limits.ts"]);
/** Inside persistence, a store does not import another store. */
const SEALED = ["persistence/memory", "persistence/sqlite", "persistence/postgres"];

/** Where a package may be imported, as path prefixes below `src/`. A package that is not listed may not be imported. */
export const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  // One seam; beyond it, users' actor logic as handlers and the actor reference the library hands out.
  xstate: ["machines/xstate.ts", "actors/handler.ts", "actors/handlers/", "runtime/actor-ref.ts"],
  rxjs: ["runtime/"],
  zod: ["journal/", "server/"],
  hono: ["server/"],
  "@hono/node-server": ["server/"],
  re2js: ["graph/"],
  commander: ["cli/"],
  "@viz-js/viz": ["inspect/", "web/"],
  "node:sqlite": ["persistence/sqlite/"],
  "node:child_process": ["actors/processes/", "cli/"],
};

/** Packages that are built into the dashboard's bundle: nobody who installs Safepoint needs them. */
const BUNDLED: readonly string[] = ["react", "react-dom", "virtual:statecharts"];

export function checkArrows(file: Parsed): string[] {
  const room = roomOf(file.path);
  if (room === undefined || isSurface(room)) return [];
  const problems: string[] = [];
  for (const { specifier, typeOnly, line } of importsOf(file)) {
    if (!specifier.startsWith(".")) continue;
    const target = posix.join(posix.dirname(file.path), specifier);
    const refusal = refuseArrow(file.path, target, typeOnly);
    if (refusal) problems.push(`${file.path}:${line} imports ${target}: ${refusal}`);
  }
  return problems;
}

/** The files at the top of `src/` that make up the library's surface: they may import every room, and no room imports them. */
function isSurface(room: string): boolean {
  return room.endsWith(".ts") && !FOUNDATION.has(room);
}

function refuseArrow(from: string, target: string, typeOnly: boolean): string | undefined {
  const room = roomOf(from) as string;
  if (!target.startsWith("src/")) return "code of src/ imports only src/";
  if (!/\.tsx?$/.test(target) && !target.endsWith(".json")) return "a relative import names its file, with .ts";
  const below = target.slice("src/".length);
  if (FOUNDATION.has(below)) return undefined;
  if (FOUNDATION.has(room)) return "errors and limits import no room";
  if (roomOf(target) === room) return refuseSealed(from.slice("src/".length), below);
  const arrow = (ARROWS[room] ?? []).find(({ to }) => below === to || below.startsWith(`${to}/`));
  if (!arrow) return `there is no arrow from ${room} to ${roomOf(target)}`;
  return arrow.typesOnly && !typeOnly ? `${room} imports only types of ${arrow.to}` : undefined;
}

function refuseSealed(from: string, to: string): string | undefined {
  const sealed = SEALED.find((dir) => to.startsWith(`${dir}/`));
  if (sealed === undefined || from.startsWith(`${sealed}/`)) return undefined;
  return SEALED.some((dir) => from.startsWith(`${dir}/`)) ? "a store does not import another store" : undefined;
}

/** Packages and Node's own modules that are confined to a folder. Other modules of Node are free outside the pure rooms. */
export function checkPackages(file: Parsed): string[] {
  const below = file.path.replace(/^src\//, "");
  const problems: string[] = [];
  for (const { specifier, line } of importsOf(file)) {
    if (specifier.startsWith(".")) continue;
    const name = packageOf(specifier);
    const places = BUNDLED.includes(name) ? ["web/"] : PACKAGES[name];
    if (places === undefined && name.startsWith("node:")) continue;
    if (places?.some((place) => below.startsWith(place))) continue;
    problems.push(
      places === undefined
        ? `${file.path}:${line} imports ${name}, which the package table does not list`
        : `${file.path}:${line} imports ${name}, which is used only in ${places.join(", ")}`,
    );
  }
  return problems;
}

function packageOf(specifier: string): string {
  if (specifier.startsWith("node:")) return specifier;
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

/** Circles of modules that load one another. Type imports load nothing and dynamic ones load later: neither counts. */
export function checkCycles(files: readonly Parsed[]): string[] {
  const loads = new Map(files.map((file) => [file.path, loadedBy(file)]));
  const done = new Set<string>();
  const problems: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) {
      problems.push(`import cycle: ${[...trail.slice(trail.indexOf(path)), path].join(" -> ")}`);
      return;
    }
    if (done.has(path)) return;
    for (const next of loads.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of loads.keys()) visit(path, []);
  return problems;
}

function loadedBy(file: Parsed): string[] {
  return importsOf(file)
    .filter(({ specifier, typeOnly, dynamic }) => specifier.startsWith(".") && !typeOnly && !dynamic)
    .map(({ specifier }) => posix.join(posix.dirname(file.path), specifier));
}
