/** How much of the run so far a model is told. Pure. Source: 04 §6. */
import type { Attributes, JsonValue } from "../../graph/index.ts";
import type { StageSummary } from "../handler.ts";
import { cut } from "../processes/kept-output.ts";

/** The longest preamble of each. Characters. `full` has its session instead. */
export const PREAMBLE_CHARS_MAX = {
  full: 0,
  truncate: 600,
  compact: 4_000,
  "summary:low": 2_400,
  "summary:medium": 6_000,
  "summary:high": 12_000,
} as const;

export type Fidelity = keyof typeof PREAMBLE_CHARS_MAX;

const FIDELITY_DEFAULT: Fidelity = "compact";

export interface FidelityQuestion {
  readonly edge?: Attributes;
  readonly node: Attributes;
  readonly graph: Attributes;
  /** Innermost subgraph of the node. */
  readonly subgraph?: string;
  /** Node the edge came from. */
  readonly from?: string;
}

/** What the model is told: edge before node before graph, else `compact`. A word that is no fidelity does not count. */
export function fidelityOf({ edge, node, graph }: FidelityQuestion): Fidelity {
  const given = [edge?.["fidelity"], node["fidelity"], graph["default_fidelity"]];
  return given.find((word): word is Fidelity => Object.hasOwn(PREAMBLE_CHARS_MAX, String(word))) ?? FIDELITY_DEFAULT;
}

/** The session of a `full` stage: node, edge, graph, its subgraph, the node before it. */
export function threadOf({ edge, node, graph, subgraph, from }: FidelityQuestion): string {
  const given = [node["thread_id"], edge?.["thread_id"], graph["thread_id"], subgraph, from];
  return String(given.find((word) => word !== undefined && word !== "") ?? "main");
}

export interface PreambleSource {
  readonly fidelity: Fidelity;
  readonly runId: string;
  readonly goal: string;
  readonly history: readonly StageSummary[];
  readonly context: Readonly<Record<string, JsonValue>>;
}

/** How long a line about a stage or a key may get. Characters. */
const LINE_CHARS_MAX = { compact: 160, "summary:low": 160, "summary:medium": 400, "summary:high": 1_000 } as const;

/** Keys that the engine keeps for itself, and what is said elsewhere. */
const isQuiet = (key: string) => key.startsWith("internal.") || key === "goal" || key === "last_stage";

/**
 * The text put before a prompt: goal and run for `truncate`; with it the stages so far, newest kept longest, and the
 * context for `compact` and the summaries. Never longer than PREAMBLE_CHARS_MAX; what is left out is counted.
 */
export function preambleFor(source: PreambleSource): string {
  const { fidelity, goal, runId } = source;
  const max = PREAMBLE_CHARS_MAX[fidelity];
  if (fidelity === "full") return "";
  const head = cut(`Run: ${runId}${goal === "" ? "" : `\nGoal: ${goal}`}`, Math.min(max, 2_000));
  if (fidelity === "truncate") return head;
  const lineMax = LINE_CHARS_MAX[fidelity];
  const stages = source.history.map((stage) => stageLine(stage, lineMax)).reverse();
  const keys = Object.entries(source.context)
    .filter(([key]) => !isQuiet(key))
    .map(([key, value]) => shorten(`- ${key}: ${textOf(value)}`, lineMax));
  const room = max - head.length;
  // Two thirds at most for the stages, and what they leave for the context.
  const done = section("Stages so far, newest first:", stages, Math.floor((room * 2) / 3));
  return head + done + section("Context:", keys, room - done.length);
}

/** As many lines as fit. */
function section(title: string, lines: readonly string[], room: number): string {
  if (lines.length === 0) return "";
  let text = `\n\n${title}`;
  for (const [index, line] of lines.entries()) {
    const rest = lines.length - index;
    const more = `\n- … ${rest} more`;
    if (text.length + line.length + 1 + (rest > 1 ? more.length : 0) > room)
      return text.length + more.length > room ? "" : text + more;
    text += `\n${line}`;
  }
  return text;
}

function stageLine({ node, status, notes, failureReason }: StageSummary, max: number): string {
  const why = failureReason ?? notes ?? "";
  return shorten(`- ${node}: ${status}${why === "" ? "" : ` (${why})`}`, max);
}

function shorten(text: string, max: number): string {
  const line = text.replace(/\s+/g, " ");
  return line.length > max ? `${cut(line, max - 1)}…` : line;
}

function textOf(value: JsonValue): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
