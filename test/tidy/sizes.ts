/** How long files and functions may get, and how many things a function may be told by position. One sentence a problem. */
import type { Node } from "typescript/unstable/ast";
import { SyntaxKind } from "typescript/unstable/ast";
import { lineOf, nodesOf, type Parsed } from "./syntax.ts";

export const FILE_LINES_MAX = 400;
export const FUNCTION_LINES_MAX = 70;
export const POSITIONAL_MAX = 3;

interface FunctionNode extends Node {
  readonly body?: Node;
  readonly name?: Node & { readonly text?: string };
  readonly parameters: readonly (Node & { readonly name: Node & { readonly text?: string } })[];
}

const FUNCTIONS = new Set<SyntaxKind>([
  SyntaxKind.FunctionDeclaration,
  SyntaxKind.FunctionExpression,
  SyntaxKind.ArrowFunction,
  SyntaxKind.MethodDeclaration,
  SyntaxKind.Constructor,
  SyntaxKind.GetAccessor,
  SyntaxKind.SetAccessor,
]);

export function checkFileSize(file: { readonly path: string; readonly text: string }): string[] {
  const lines = file.text.split("\n").length - (file.text.endsWith("\n") ? 1 : 0);
  return lines > FILE_LINES_MAX ? [`${file.path} has ${lines} lines, more than ${FILE_LINES_MAX}`] : [];
}

/** A `describe` is a list, and may be long; the conformance suite is made of such lists. */
const LISTS = /^(?:test\/|src\/testing\/[\w-]*conformance)/;

export function checkFunctions(file: Parsed): string[] {
  const problems: string[] = [];
  for (const node of nodesOf(file.tree)) {
    if (!isFunction(node)) continue;
    const first = lineOf(file, startOf(file, node));
    const lines = lineOf(file, node.end) - first + 1;
    const positional = node.parameters.filter((parameter) => parameter.name.text !== "this").length;
    const where = `${file.path}:${first} ${nameOf(node)}`;
    if (lines > FUNCTION_LINES_MAX && !LISTS.test(file.path))
      problems.push(`${where} has ${lines} lines, more than ${FUNCTION_LINES_MAX}`);
    if (positional > POSITIONAL_MAX)
      problems.push(`${where} takes ${positional} arguments, more than ${POSITIONAL_MAX}`);
  }
  return problems;
}

function isFunction(node: Node): node is FunctionNode {
  return FUNCTIONS.has(node.kind) && (node as FunctionNode).body !== undefined;
}

/** Where the code begins: a node's `pos` is before its comments. */
function startOf(file: Parsed, node: Node): number {
  return node.getStart(file.tree);
}

function nameOf(node: FunctionNode): string {
  const name = node.name?.text ?? (node.parent as FunctionNode | undefined)?.name?.text;
  return name ?? "a function";
}
