/** Syntax trees from the compiler the project is built with. Nothing is resolved or checked: each file is only parsed. */
import type { Node, SourceFile } from "typescript/unstable/ast";
import { isCallExpression, isStringLiteral, SyntaxKind } from "typescript/unstable/ast";
import { API } from "typescript/unstable/sync";
import type { Source } from "./sources.ts";

export interface Parsed extends Source {
  readonly tree: SourceFile;
}

export interface Import {
  readonly specifier: string;
  /** `import type`, `export type` or `import("…").T`: nothing is loaded. */
  readonly typeOnly: boolean;
  /** `import("…")`: loaded when that is reached, not with the module. */
  readonly dynamic: boolean;
  readonly line: number;
}

const OPTIONS = {
  noLib: true,
  noResolve: true,
  types: [],
  noEmit: true,
  allowImportingTsExtensions: true,
  jsx: "preserve",
};

/** The compiler's view of the disk: what is being parsed, under a directory of its own each time. */
const disk: Record<string, string> = {};
let compiler: API | undefined;
let rounds = 0;

/** Parses all sources in one go. */
export function parseSources(sources: readonly Source[]): Parsed[] {
  rounds += 1;
  const root = `/tidy-${rounds}`;
  const config = { files: sources.map((source) => source.path), compilerOptions: OPTIONS };
  Object.assign(disk, Object.fromEntries(sources.map((source) => [`${root}/${source.path}`, source.text])));
  disk[`${root}/tsconfig.json`] = JSON.stringify(config);
  // One compiler process for all rounds: it ends with the test worker, and says so only once.
  compiler ??= new API({
    cwd: "/",
    fs: { readFile: (path) => disk[path] ?? null, fileExists: (path) => path in disk, realpath: (path) => path },
  });
  const project = compiler.updateSnapshot({ openProject: `${root}/tsconfig.json` }).getProject(`${root}/tsconfig.json`);
  if (!project) throw new Error("the compiler opened no project");
  return sources.map((source) => {
    const tree = project.program.getSourceFile(`${root}/${source.path}`);
    if (!tree) throw new Error(`the compiler did not read ${source.path}`);
    return { ...source, tree };
  });
}

export function parseOne(path: string, text: string): Parsed {
  const [parsed] = parseSources([{ path, text }]);
  if (!parsed) throw new Error(`the compiler did not read ${path}`);
  return parsed;
}

/** Every node below, parents first. */
export function* nodesOf(node: Node): Generator<Node> {
  const children: Node[] = [];
  node.forEachChild((child) => {
    children.push(child);
  });
  for (const child of children) {
    yield child;
    yield* nodesOf(child);
  }
}

/** From 1. */
export function lineOf(file: Parsed, position: number): number {
  return file.tree.getLineAndCharacterOfPosition(position).line + 1;
}

export function importsOf(file: Parsed): Import[] {
  const imports: Import[] = [];
  for (const node of nodesOf(file.tree)) {
    const found = readImport(node);
    const dynamic = node.kind === SyntaxKind.CallExpression;
    if (found) imports.push({ ...found, dynamic, line: lineOf(file, node.end) });
  }
  return imports;
}

function readImport(node: Node): Omit<Import, "line" | "dynamic"> | undefined {
  switch (node.kind) {
    case SyntaxKind.ImportDeclaration: {
      const declaration = node as import("typescript/unstable/ast").ImportDeclaration;
      const typeOnly = declaration.importClause?.phaseModifier === SyntaxKind.TypeKeyword;
      return literal(declaration.moduleSpecifier, typeOnly);
    }
    case SyntaxKind.ExportDeclaration: {
      const declaration = node as import("typescript/unstable/ast").ExportDeclaration;
      return declaration.moduleSpecifier && literal(declaration.moduleSpecifier, declaration.isTypeOnly);
    }
    case SyntaxKind.ImportType: {
      let found: Omit<Import, "line" | "dynamic"> | undefined;
      for (const child of nodesOf((node as import("typescript/unstable/ast").ImportTypeNode).argument))
        found ??= literal(child, true);
      return found;
    }
    case SyntaxKind.CallExpression: {
      if (!isCallExpression(node) || node.expression.kind !== SyntaxKind.ImportKeyword) return undefined;
      const argument = node.arguments[0];
      return argument && literal(argument, false);
    }
    default:
      return undefined;
  }
}

function literal(node: Node, typeOnly: boolean): Omit<Import, "line" | "dynamic"> | undefined {
  return isStringLiteral(node) ? { specifier: node.text, typeOnly } : undefined;
}
