/** Rooms and doors: every room says what it is, and only public doors are lists of exports. One sentence a problem. */
import { isExportDeclaration, SyntaxKind } from "typescript/unstable/ast";
import { roomOf, type Source } from "./sources.ts";
import type { Parsed } from "./syntax.ts";

export const README_LINES = { min: 10, max: 30 } as const;
/** Doors between rooms that the package does not export. */
const INNER_DOORS: readonly string[] = ["src/graph/index.ts"];

export function checkRoomReadme(room: string, readme: Source | undefined): string[] {
  if (!readme) return [`src/${room} has no README.md`];
  const lines = readme.text.trimEnd().split("\n").length;
  const problems: string[] = [];
  if (lines < README_LINES.min || lines > README_LINES.max)
    problems.push(`${readme.path} has ${lines} lines, not ${README_LINES.min} to ${README_LINES.max}`);
  if (!readme.text.startsWith("# ")) problems.push(`${readme.path} does not start with a heading`);
  if (!/may import/i.test(readme.text)) problems.push(`${readme.path} does not say what the room may import`);
  return problems;
}

/** Rooms that hold code. */
export function roomsOf(paths: readonly string[]): string[] {
  const code = paths.filter((path) => path.startsWith("src/") && path.endsWith(".ts") && path.split("/").length > 2);
  return [...new Set(code.map((path) => roomOf(path) as string))].sort();
}

/** The source file behind each door of the exports map. */
export function doorsOf(manifest: Source): string[] {
  const exported = (JSON.parse(manifest.text) as { exports: Record<string, string | { default: string }> }).exports;
  return Object.values(exported)
    .filter((target) => typeof target !== "string")
    .map((target) => target.default.replace("./dist/", "src/").replace(/\.js$/, ".ts"));
}

export function checkDoors(paths: readonly string[], doors: readonly string[]): string[] {
  const barrels = paths.filter((path) => path.startsWith("src/") && path.endsWith("/index.ts"));
  return [
    ...doors.filter((door) => !paths.includes(door)).map((door) => `package.json exports ${door}, which is not there`),
    ...barrels
      .filter((path) => !doors.includes(path) && !INNER_DOORS.includes(path))
      .map((path) => `${path} is a barrel, and no public door`),
  ];
}

/** `src/index.ts` names what it exports, and does nothing else. */
export function checkListOfExports(door: Parsed): string[] {
  const problems: string[] = [];
  for (const statement of door.tree.statements) {
    const named =
      isExportDeclaration(statement) &&
      statement.moduleSpecifier !== undefined &&
      statement.exportClause?.kind === SyntaxKind.NamedExports;
    if (!named) problems.push(`${door.path} holds something other than a list of named exports`);
  }
  return problems;
}
