/** What the stage of a parallel node or container notes of its branches. */
import type { StageEvent } from "../protocol.ts";
import { assign } from "../xstate.ts";
import type { Args, EventOf, StageContext } from "./facts.ts";
import { branchEnd, newRegion, type RegionContext, withEnd, withNext } from "./region.ts";

const first = (build: (event: StageEvent) => RegionContext) =>
  assign<StageContext, StageEvent, undefined, StageEvent, never>({ region: ({ event }) => build(event) });
const change = (build: (args: Args & { readonly region: RegionContext }) => RegionContext) =>
  assign<StageContext, StageEvent, undefined, StageEvent, never>({
    region: ({ context, event }) => build({ context, event, region: context.region as RegionContext }),
  });

export const regionChanges = {
  "note the region": first((event) => newRegion((event as EventOf<"OPENED">).plan)),
  "count the beginning": change(({ region }) => withNext(region)),
  "count the branch's end": change(({ event, region }) => withEnd(region, branchEnd(event), region.decision === null)),
  "forget the branch": change(({ event, region }) => withEnd(region, branchEnd(event), false)),
  "decide to stop": change(({ event, region }) => ({ ...region, decision: (event as EventOf<"NEXT">).stop ?? null })),
  "decide to abort": change(({ event, region }) => {
    const { reason } = event as EventOf<"ABORT">;
    return { ...region, decision: { decision: "fail", status: "fail", code: "cancelled", reason } };
  }),
};
