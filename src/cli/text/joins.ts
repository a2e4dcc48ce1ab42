import type { JoinView } from "../../journal/run-view.ts";
import { formatTable } from "./table.ts";

/** Joins shown in a summary. */
const JOINS_SHOWN = 10;

/** The joins that are open, then the newest decided ones. */
export function joinSummary(joins: readonly JoinView[]): string {
  if (joins.length === 0) return "";
  const open = joins.filter(({ decision }) => decision === undefined);
  const decided = joins.filter(({ decision }) => decision !== undefined).reverse();
  const shown = [...open, ...decided].slice(0, JOINS_SHOWN);
  const more = joins.length - shown.length;
  return [joinTable(shown), ...(more > 0 ? [`(+ ${more} more, see \`joins\`)`] : [])].join("\n");
}

/** Joins as a table: what is needed, what there is, what was decided. */
export function joinTable(
  joins: readonly (JoinView & { readonly status?: string; readonly ended?: string })[],
): string {
  return formatTable([["FAN-OUT", "JOIN", "POLICY", "BRANCHES", "DECISION", "WINNERS"], ...joins.map(cellsOf)]);
}

function cellsOf(row: Parameters<typeof joinTable>[0][number]): string[] {
  const { activation, join = "-", policy, errorPolicy, need, succeeded, failed, open, winners = [] } = row;
  const counts = [
    `${succeeded} of ${need} needed`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(open > 0 ? [`${open} open`] : []),
  ];
  const indexes = winners.map((path) => path.slice(path.lastIndexOf("/") + 1));
  const rule = errorPolicy === "continue" ? policy : `${policy}, ${errorPolicy}`;
  return [activation, join, rule, counts.join(", "), decisionOf(row), shorten(indexes)];
}

function decisionOf({ decision, status, decidedSeq, ended }: Parameters<typeof joinTable>[0][number]): string {
  if (decision === undefined) return ended ?? "open";
  return `${status ?? decision} at seq ${decidedSeq}`;
}

/** Winners named; the rest is a count, and all are in --json. */
const WINNERS_SHOWN = 12;

function shorten(indexes: readonly string[]): string {
  const more = indexes.length - WINNERS_SHOWN;
  const shown = indexes.slice(0, WINNERS_SHOWN).join(" ");
  return more > 0 ? `${shown} + ${more} more` : shown;
}
