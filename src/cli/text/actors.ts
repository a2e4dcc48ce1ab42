import type { ActiveState } from "../../inspect/active-states.ts";
import { isWithin, MAIN_BRANCH, readBranchAddress, readStageAddress } from "../../journal/address.ts";
import { formatTable } from "./table.ts";

/** Live actors of one activation, or of the run and its main branch. */
export interface ActorGroup {
  /** Absent: the run, its main branch and the stage that is at. */
  readonly activation?: string;
  readonly actors: readonly ActiveState[];
}

/** Actors as numbers are counted: branch 2 before branch 10. */
const byNumber = new Intl.Collator("en", { numeric: true });

/** Those of a branch or activation and all below it, or all; each group where its activation is, numbers in order. */
export function groupActors(actors: readonly ActiveState[], within?: string): readonly ActorGroup[] {
  const wanted = within === undefined ? actors : actors.filter(({ actor }) => isWithin(placeOf(actor), within));
  const sorted = wanted.toSorted((a, b) => byNumber.compare(placeOf(a.actor), placeOf(b.actor)) || a.seq - b.seq);
  const groups = Map.groupBy(sorted, ({ actor }) => activationOf(placeOf(actor)));
  return [...groups]
    .sort(([a = ""], [b = ""]) => byNumber.compare(a, b))
    .map(([activation, members]) => ({ ...(activation === undefined ? {} : { activation }), actors: members }));
}

/** How many actors of a group are in the same states, by chart and states. */
export function countStates({ actors }: Pick<ActorGroup, "actors">): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { chart, states } of actors) {
    const words = [chart, ...states].join(" ");
    counts[words] = (counts[words] ?? 0) + 1;
  }
  return counts;
}

/** Rows of one group; of the rest it is said how many are in which states. */
const GROUP_ROWS_MAX = 12;
/** Groups; the rest is a count. */
const GROUPS_MAX = 12;

/** Which states the live actors of a run are in, group by group. */
export function describeActors(groups: readonly ActorGroup[]): string {
  if (groups.length === 0) return "no live actors";
  const shown = groups.slice(0, GROUPS_MAX).map(describeGroup);
  const rest = groups.slice(GROUPS_MAX);
  const count = rest.reduce((sum, { actors }) => sum + actors.length, 0);
  return [...shown, ...(count > 0 ? [`+ ${count} actors of ${rest.length} more activations`] : [])].join("\n\n");
}

function describeGroup({ activation, actors }: ActorGroup): string {
  const shown = actors.slice(0, GROUP_ROWS_MAX);
  const hidden = actors.slice(GROUP_ROWS_MAX);
  const table = formatTable([
    [activation === undefined ? "ACTOR" : `ACTORS OF ${activation}`, "STATES", "SEQ"],
    ...shown.map((row) => [row.actor, row.states.join(" "), String(row.seq)]),
  ]);
  const more = Object.entries(countStates({ actors: hidden })).map(([states, count]) => `  + ${count} × ${states}`);
  return [table, ...more].join("\n");
}

/** The path of a branch or the address of a stage; empty for the run. */
function placeOf(actor: string): string {
  return actor.includes(":") ? actor.slice(actor.indexOf(":") + 1) : "";
}

function activationOf(place: string): string | undefined {
  const branch = place === "" ? MAIN_BRANCH : (readStageAddress(place)?.branch ?? place);
  return readBranchAddress(branch)?.activation;
}
