import type { Lineage } from "../../runtime/queries/lineage.ts";
import { printable } from "./printable.ts";
import { formatTable } from "./table.ts";

/** Where a run comes from, what came of it, and every move of its control. */
export function describeLineage(found: Lineage): string {
  const { runId, parentRun, parentSeq, rootRun, restartedAs, children, transitions, transitionsTotal } = found;
  const from =
    parentRun === undefined ? [] : [`from ${parentRun}${parentSeq === undefined ? "" : ` at seq ${parentSeq}`}`];
  const root = rootRun === undefined || rootRun === runId ? [] : [`began as ${rootRun}`];
  const next = restartedAs === undefined ? [] : [`went on as ${restartedAs}`];
  const came = children.map(
    (child) => `${child.runId} ${child.status}${child.stage === undefined ? "" : ` (${child.stage})`}`,
  );
  const more = transitionsTotal - transitions.length;
  const moves = transitions.map(({ seq, at, from: was, to, verb, actor, reason }) => {
    return [String(seq), at, `${was} → ${to}`, verb, actor ?? "", printable(reason ?? "")];
  });
  return [
    [`run ${runId}`, ...from, ...root, ...next].join(", "),
    ...came.map((child) => `  ${child}`),
    ...(moves.length === 0
      ? ["its control never moved"]
      : [formatTable([["SEQ", "AT", "CONTROL", "BY", "ACTOR", "REASON"], ...moves])]),
    ...(more > 0 ? [`(+ ${more} earlier)`] : []),
  ].join("\n");
}
