/** What the pure rooms may not touch: clocks, chance, the world. One sentence a problem. */
import type { Node } from "typescript/unstable/ast";
import {
  isArrayLiteralExpression,
  isCallExpression,
  isIdentifier,
  isNewExpression,
  isObjectLiteralExpression,
  isPropertyAccessExpression,
  isPropertyAssignment,
  SyntaxKind,
} from "typescript/unstable/ast";
import { roomOf } from "./sources.ts";
import { importsOf, lineOf, nodesOf, type Parsed } from "./syntax.ts";

export const PURE_ROOMS: readonly string[] = ["graph", "machines", "journal"];

const WORLD = new Set([
  ..."setTimeout setInterval setImmediate clearTimeout clearInterval queueMicrotask requestAnimationFrame".split(" "),
  ..."process console fetch performance crypto globalThis require Intl navigator".split(" "),
]);
const MEMBERS = new Set(["Date.now", "Math.random"]);
/** It computes pure steps, for which XState wants an actor that never runs. */
const SEAM = "src/machines/xstate.ts";
/** What would make a chart act by itself. */
const LIVE_LOGIC = new Set(["fromPromise", "fromCallback", "fromObservable", "spawnChild", "createActor", "stopChild"]);
const DELAYED = new Set(["raise", "sendTo"]);

export function checkPurity(file: Parsed): string[] {
  const room = roomOf(file.path);
  if (room === undefined || !PURE_ROOMS.includes(room)) return [];
  const problems = importsOf(file)
    .filter(({ specifier }) => specifier.startsWith("node:"))
    .map(({ specifier, line }) => `${file.path}:${line} imports ${specifier}: ${room} is pure`);
  for (const node of nodesOf(file.tree)) {
    const found = impurity(node) ?? (room === "machines" && file.path !== SEAM ? liveness(node) : undefined);
    if (found) problems.push(`${file.path}:${lineOf(file, node.end)} uses ${found}: ${room} is pure`);
  }
  return problems;
}

function impurity(node: Node): string | undefined {
  if (isPropertyAccessExpression(node) && isIdentifier(node.expression)) {
    const member = `${node.expression.text}.${node.name.text}`;
    return MEMBERS.has(member) ? member : undefined;
  }
  if (isNewExpression(node) && isNamed(node.expression, "Date") && (node.arguments?.length ?? 0) === 0)
    return "new Date()";
  if (isCallExpression(node) && isNamed(node.expression, "Date")) return "Date()";
  return isIdentifier(node) && WORLD.has(node.text) && isReference(node) ? node.text : undefined;
}

/** Whether an identifier stands for a value, and is not the name of a property or of something declared. */
function isReference(node: Node): boolean {
  const parent = node.parent as Node & { readonly name?: Node; readonly propertyName?: Node };
  if (parent.kind === SyntaxKind.ShorthandPropertyAssignment) return true;
  return parent.name !== node && parent.propertyName !== node;
}

function liveness(node: Node): string | undefined {
  if (isIdentifier(node) && LIVE_LOGIC.has(node.text) && isReference(node)) return node.text;
  if (isPropertyAssignment(node) && isIdentifier(node.name)) {
    const config = isObjectLiteralExpression(node.initializer) || isArrayLiteralExpression(node.initializer);
    if (config && (node.name.text === "invoke" || node.name.text === "after")) return `${node.name.text}:`;
  }
  if (isCallExpression(node) && isIdentifier(node.expression) && DELAYED.has(node.expression.text)) {
    const options = node.arguments.at(-1);
    if (options && isObjectLiteralExpression(options) && options.properties.some(isDelay))
      return `${node.expression.text} with a delay`;
  }
  return undefined;
}

function isDelay(property: Node): boolean {
  return isNamed((property as Node & { readonly name?: Node }).name, "delay");
}

function isNamed(node: Node | undefined, name: string): boolean {
  return node !== undefined && isIdentifier(node) && node.text === name;
}
