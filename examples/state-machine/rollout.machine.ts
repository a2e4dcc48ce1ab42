/** A rollout as a state machine: shift a share of the traffic, let it bake, look at its health, and on to the next share. */
import { appendFile } from "node:fs/promises";
import { assign, fromPromise, setup } from "xstate";

const SHARES = [10, 50, 100];
const BAKE_MS = 1_000;

export interface RolloutOptions {
  /** Every shift of traffic appends a line here: the side effect that must happen once. */
  readonly trafficFile: string;
  readonly isHealthy: (percent: number) => boolean;
}

export function createRollout({ trafficFile, isHealthy }: RolloutOptions) {
  return setup({
    types: {
      context: {} as { step: number; status: string },
      output: {} as { status: string; contextUpdates: { percent: number } },
    },
    actors: {
      shift: fromPromise<void, number>(async ({ input: percent }) => await appendFile(trafficFile, `${percent}\n`)),
    },
    delays: { bake: BAKE_MS },
    guards: {
      isUnhealthy: ({ context }) => !isHealthy(shareOf(context)),
      isLast: ({ context }) => context.step === SHARES.length - 1,
    },
  }).createMachine({
    id: "rollout",
    version: "1",
    context: { step: 0, status: "success" },
    initial: "shifting",
    states: {
      shifting: { invoke: { src: "shift", input: ({ context }) => shareOf(context), onDone: "baking" } },
      // A delay by the run's clock: it stands still while the run is paused, and survives the process.
      baking: { after: { bake: "judging" } },
      judging: {
        always: [
          { guard: "isUnhealthy", target: "ended", actions: assign({ status: "unhealthy" }) },
          { guard: "isLast", target: "ended" },
          { target: "shifting", actions: assign({ step: ({ context }) => context.step + 1 }) },
        ],
      },
      ended: { type: "final" },
    },
    output: ({ context }) => ({ status: context.status, contextUpdates: { percent: shareOf(context) } }),
  });
}

function shareOf({ step }: { step: number }): number {
  return SHARES[step] ?? 100;
}
