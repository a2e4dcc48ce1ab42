/** Which stages of regions would go on at once if the run were continued, as their charts have it. Source: 03 §2, §5. */
import { readBranchAddress } from "../journal/address.ts";
import type { BranchContext } from "../machines/branch.machine.ts";
import { hasRoom, type RegionContext, withEnd } from "../machines/stage/region.ts";

export interface StoredActor {
  /** State of its execution. */
  readonly state: string;
  readonly control: string;
  readonly context: { readonly region?: RegionContext | null } & Partial<BranchContext>;
}

const AT_END: ReadonlySet<string> = new Set(["ending", "failing"]);

/** Actors by address. Answers with those of the stages. */
export function heldRegions(actors: ReadonlyMap<string, StoredActor>): readonly string[] {
  const waiting = Map.groupBy(
    [...actors.values()].filter(({ state, context }) => AT_END.has(state) && context.branch !== undefined),
    ({ context }) => readBranchAddress(context.branch ?? "")?.activation ?? "",
  );
  return [...actors].flatMap(([actor, { state, control, context }]) => {
    const { region } = context;
    if (!region || !actor.startsWith("stage:") || control === "cancelling") return [];
    if (state === "winding_down") return region.inFlight.length === 0 ? [actor] : [];
    if (state !== "working") return [];
    return goesOn(region, waiting.get(actor.slice("stage:".length)) ?? []) ? [actor] : [];
  });
}

/** Once the ends that wait are taken, in the order they came: whether something is decided, or one more may begin. */
function goesOn(region: RegionContext, waiting: readonly StoredActor[]): boolean {
  const ends = waiting.toSorted((a, b) => (a.context.since ?? 0) - (b.context.since ?? 0));
  const after = ends.reduce((known, { context }) => withEnd(known, endOf(context), known.decision === null), region);
  return after.decision !== null || after.inFlight.length === 0 || hasRoom(after);
}

function endOf({ branch = "", outcome = null, failure }: StoredActor["context"]) {
  return {
    branch,
    index: readBranchAddress(branch)?.index ?? -1,
    status: failure ? "fail" : (outcome?.status ?? "success"),
    cancelled: false,
    outcome,
    ...(failure ? { failure } : {}),
  };
}
