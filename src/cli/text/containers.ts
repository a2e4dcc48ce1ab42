import type { ContainerView } from "../../journal/run-view.ts";
import { formatTable } from "./table.ts";

/** Containers shown in a summary. */
const CONTAINERS_SHOWN = 10;

/** The containers that are at work and those of the main path; of those inside others that have ended, a count. */
export function containerSummary(containers: readonly ContainerView[]): string {
  if (containers.length === 0) return "";
  const atWork = containers.filter((each) => each.inFlight > 0);
  const outer = containers.filter((each) => each.inFlight === 0 && each.branch === "main").reverse();
  const shown = [...atWork, ...outer].slice(0, CONTAINERS_SHOWN);
  const more = containers.length - shown.length;
  const table = formatTable([["CONTAINER", "KIND", "DONE", "IN FLIGHT", "FAILED"], ...shown.map(cellsOf)]);
  const note = more > 0 ? [`(+ ${more} more containers, inside others or ended)`] : [];
  return [...(shown.length > 0 ? [table] : []), ...note].join("\n");
}

function cellsOf({ activation, kind, total, completed, inFlight, failed }: ContainerView): string[] {
  const done = total === undefined ? String(completed) : `${completed} of ${total}`;
  return [activation, kind, done, String(inFlight), String(failed)];
}
