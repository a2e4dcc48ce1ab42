import type { BranchView } from "../../journal/run-view.ts";
import { BRANCH_STATUSES } from "../../journal/status.ts";
import type { BranchesPage } from "../../runtime/queries/regions/branches.ts";
import { formatTable } from "./table.ts";

/** Branches shown in a summary, beside main. */
export const BRANCHES_SHOWN = 20;

/** How many branches there are of each status, and a table of those on the page. Main is the run and not shown. */
export function branchSummary({ branches, branchesTotal, counts }: BranchesPage): string {
  const others = branches.filter(({ origin }) => origin !== "main");
  const shown = others.slice(0, BRANCHES_SHOWN);
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const words = BRANCH_STATUSES.flatMap((status) => (counts[status] ? [`${counts[status]} ${status}`] : []));
  const more = branchesTotal - (branches.length - others.length) - shown.length;
  return [
    `${total} branches, main among them: ${words.join(", ")}`,
    ...(shown.length > 0 ? [branchTable(shown)] : []),
    ...(more > 0 ? [`(+ ${more} more, see \`branches\`)`] : []),
  ].join("\n");
}

/** Branches as a table: where each is, and inside of which containers. */
export function branchTable(branches: readonly BranchView[]): string {
  const rows = [["BRANCH", "STATUS", "AT", "INSIDE"], ...branches.map(cellsOf)];
  const isInside = branches.some(({ frames = [] }) => frames.length > 0);
  return formatTable(isInside ? rows : rows.map((cells) => cells.slice(0, -1)));
}

function cellsOf({ path, status, node, visit, frames = [] }: BranchView): string[] {
  const at = node === undefined ? "" : `${node}${visit !== undefined && visit > 1 ? `@${visit}` : ""}`;
  return [path, status, at, frames.map(nameFrame).join(" › ")];
}

/** `each #3 (12 done)`. */
function nameFrame({ container, iteration, completed }: NonNullable<BranchView["frames"]>[number]): string {
  return `${container} #${iteration} (${completed} done)`;
}
