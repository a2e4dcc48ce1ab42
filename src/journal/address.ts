/**
 * Addresses of branches, stages and executions: one text form, used in the journal, the store, the CLI and over HTTP.
 *
 * Shape: stage `<branch>/<node>@<visit>`, execution `<stage>#<attempt>.<start>`, branch `main` or
 * `<activation>/<index>`, where an activation is the address of the stage that entered a container or parallel node.
 * A node id may hold any character, so in an address `%`, `/`, `@`, `#`, DEL and everything below U+0020 are written
 * as `%` and two upper-case hex digits. All other characters stand for themselves.
 */
import { assert } from "../errors.ts";

/** The branch every run has. */
export const MAIN_BRANCH = "main";

export interface StageAddress {
  /** Path of the branch, as text. */
  readonly branch: string;
  /** The node's id, not escaped. */
  readonly node: string;
  /** From 1. */
  readonly visit: number;
}

export interface ExecutionAddress {
  /** Address of the stage, as text. */
  readonly stage: string;
  /** From 1. */
  readonly attempt: number;
  /** From 1: an interrupted attempt is executed again under the same attempt number. */
  readonly start: number;
}

export interface BranchAddress {
  readonly activation: string;
  /** From 0. */
  readonly index: number;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not stand in an address
const UNSAFE = /[%/@#\u0000-\u001f\u007f]/g;
const ESCAPED = /%([0-9A-F]{2})/g;
const NUMBER = /^(?:0|[1-9][0-9]{0,14})$/;

/** A node id as it stands in an address. */
export function escapeNode(id: string): string {
  return id.replace(UNSAFE, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);
}

/** The node id that {@link escapeNode} was given. */
export function unescapeNode(text: string): string {
  return text.includes("%") ? text.replace(ESCAPED, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))) : text;
}

export function formatStage(stage: StageAddress): string {
  return `${stage.branch}/${escapeNode(stage.node)}@${stage.visit}`;
}

export function formatExecution(execution: ExecutionAddress): string {
  return `${execution.stage}#${execution.attempt}.${execution.start}`;
}

export function formatBranch(branch: BranchAddress): string {
  return `${branch.activation}/${branch.index}`;
}

/** Identity of one entry into a branch: its path and the resume epoch in which it was entered. */
export function formatBranchRun(path: string, resumeEpoch: number): string {
  return `${path}~${resumeEpoch}`;
}

/** Undefined where the text is no stage address. For text whose origin is not trusted. */
export function readStageAddress(address: string): StageAddress | undefined {
  const slash = address.lastIndexOf("/");
  const at = address.indexOf("@", slash + 1);
  if (slash < 1 || at < 0) return undefined;
  const visit = readNumber(address.slice(at + 1), 1);
  if (visit === undefined || address.includes("#", slash)) return undefined;
  return { branch: address.slice(0, slash), node: unescapeNode(address.slice(slash + 1, at)), visit };
}

/** Undefined where the text is no execution. */
export function readExecution(execution: string): ExecutionAddress | undefined {
  const hash = execution.lastIndexOf("#");
  const dot = execution.indexOf(".", hash);
  if (hash < 1 || dot < 0) return undefined;
  const attempt = readNumber(execution.slice(hash + 1, dot), 1);
  const start = readNumber(execution.slice(dot + 1), 1);
  if (attempt === undefined || start === undefined) return undefined;
  return { stage: execution.slice(0, hash), attempt, start };
}

/** Undefined for `main` and for text that is no branch path. */
export function readBranchAddress(path: string): BranchAddress | undefined {
  const slash = path.lastIndexOf("/");
  if (slash < 1) return undefined;
  const index = readNumber(path.slice(slash + 1), 0);
  return index === undefined ? undefined : { activation: path.slice(0, slash), index };
}

/** *Throws* InvariantError when the text is no stage address. */
export function parseStageAddress(address: string): StageAddress {
  const stage = readStageAddress(address);
  assert(stage, `expected a stage address "<branch>/<node>@<visit>", found "${address}"`, { address });
  return stage;
}

/** *Throws* InvariantError when the text is no execution. */
export function parseExecution(execution: string): ExecutionAddress {
  const parsed = readExecution(execution);
  assert(parsed, `expected an execution "<stage>#<attempt>.<start>", found "${execution}"`, { execution });
  return parsed;
}

/** Path of the branch a stage belongs to. *Throws* InvariantError when the text is no stage address. */
export function branchOfStage(address: string): string {
  return parseStageAddress(address).branch;
}

/** Path of the branch that a branch was started from; undefined for `main`. */
export function parentBranch(path: string): string | undefined {
  const branch = readBranchAddress(path);
  return branch && readStageAddress(branch.activation)?.branch;
}

/** The activations that a branch or stage is inside of, innermost first. */
export function* activationsAround(path: string): Iterable<string> {
  let branch = readBranchAddress(path) ?? readBranchAddress(readStageAddress(path)?.branch ?? "");
  while (branch) {
    yield branch.activation;
    branch = readBranchAddress(readStageAddress(branch.activation)?.branch ?? "");
  }
}

/** Whether `path` is `scope` or lies below it. Both may be branches, activations or stages. */
export function isWithin(path: string, scope: string): boolean {
  return path.startsWith(scope) && (path.length === scope.length || path[scope.length] === "/");
}

function readNumber(text: string, least: number): number | undefined {
  if (!NUMBER.test(text)) return undefined;
  const value = Number(text);
  return value >= least ? value : undefined;
}
