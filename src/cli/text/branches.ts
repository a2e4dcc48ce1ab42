import type { BranchView } from "../../journal/run-view.ts";
import { formatTable } from "./table.ts";

/** Branches as a table: where each is, and inside of which containers. */
export function branchTable(branches: readonly BranchView[]): string {
  return formatTable([["BRANCH", "STATUS", "AT", "INSIDE"], ...branches.map(cellsOf)]);
}

function cellsOf({ path, status, node, visit, frames = [] }: BranchView): string[] {
  const at = node === undefined ? "" : `${node}${visit !== undefined && visit > 1 ? `@${visit}` : ""}`;
  return [path, status, at, frames.map(nameFrame).join(" › ")];
}

/** `each #3 (12 done)`. */
function nameFrame({ container, iteration, completed }: NonNullable<BranchView["frames"]>[number]): string {
  return `${container} #${iteration} (${completed} done)`;
}
