/** What operators and bad luck do to a run, drawn from a seed. */
import { type ControlResult, isSafepointError, type Run } from "../../src/index.ts";
import {
  combinePlans,
  crashAtCommit,
  deliveredTwice,
  type FaultPlan,
  failCommit,
  type RunWorld,
  type SeededRandom,
  slowCommits,
} from "../../src/testing/index.ts";

/** Something that is done once so many things have happened. */
export interface Deed {
  readonly name: string;
  readonly afterStep: number;
  readonly do: (world: RunWorld) => Promise<readonly string[] | undefined>;
}

/** `isCancelled`: the last deed is a cancel, so the run need not come to its own end. */
export interface Plan {
  readonly deeds: readonly Deed[];
  readonly isCancelled: boolean;
  /** What goes wrong with the store of the n-th process, from 0. */
  readonly faultsOf: (process: number) => FaultPlan | undefined;
}

type DeedOf = (random: SeededRandom, id: string) => Omit<Deed, "afterStep">;

export function drawPlan(random: SeededRandom, { steps, turns }: { steps: number; turns: number }): Plan {
  const count = random.between(1, 7);
  const isCancelled = random.chance(0.15);
  const draw = (index: number): Deed => {
    const of = isCancelled && index === count - 1 ? cancel : random.pick(DEEDS);
    return { ...of(random, `deed-${index}`), afterStep: random.integer(Math.ceil(steps * 1.3)) };
  };
  const deeds = Array.from({ length: count }, (_, index) => draw(index));
  const last = isCancelled ? deeds.splice(-1) : [];
  const sorted = deeds.toSorted((a, b) => a.afterStep - b.afterStep);
  const faults = Array.from({ length: 4 }, () => drawFaults(random, turns));
  return { deeds: [...sorted, ...last], isCancelled, faultsOf: (process) => faults[process]?.() };
}

/** Later processes fail less, so that the run gets through. */
function drawFaults(random: SeededRandom, turns: number): () => FaultPlan | undefined {
  if (!random.chance(0.3)) return () => undefined;
  const n = random.between(1, turns + 1);
  const when = random.pick(["before", "after"] as const);
  const isCrash = random.chance(0.7);
  return () => combinePlans(isCrash ? crashAtCommit(n, when) : failCommit(n, when));
}

const pause: DeedOf = (random, id) => {
  const mode = random.pick(["drain", "drain", "interrupt"] as const);
  const deadlineMs = mode === "drain" && random.chance(0.3) ? random.pick([0, 30, 300, 3_000]) : undefined;
  const send = sender(random);
  const options = { mode, commandId: id, ...(deadlineMs === undefined ? {} : { deadlineMs }) };
  return {
    name: `${id}: pause ${mode}${deadlineMs === undefined ? "" : ` within ${deadlineMs} ms`} ${send.how}`,
    do: (world) => send.do(world, (run) => run.pause(options)),
  };
};

const goOn: DeedOf = (random, id) => {
  const send = sender(random);
  return {
    name: `${id}: continue ${send.how}`,
    do: (world) => send.do(world, (run) => run.continue({ commandId: id })),
  };
};

const cancel: DeedOf = (random, id) => {
  const options = { commandId: id, force: random.chance(0.3), ...(random.chance(0.3) ? { graceMs: 50 } : {}) };
  const send = sender(random);
  return {
    name: `${id}: cancel ${JSON.stringify(options)} ${send.how}`,
    do: (world) => send.do(world, (run) => run.cancel(options)),
  };
};

const twice: DeedOf = (_random, id) => ({
  name: `${id}: pause, delivered twice`,
  async do(world) {
    const results = await world.tell((run) => deliveredTwice(id, (options) => run.pause(options)));
    if (!results || JSON.stringify(results[0]) === JSON.stringify(results[1])) return undefined;
    return [`${id} was delivered twice and answered in two ways: ${JSON.stringify(results)}`];
  },
});

const crash: DeedOf = (_random, id) => ({
  name: `${id}: the process dies`,
  async do(world) {
    world.kill();
    return undefined;
  },
});

const rest: DeedOf = (random, id) => {
  const ms = random.pick([10, 1_000, 3_600_000]);
  return {
    name: `${id}: ${ms} ms pass`,
    async do(world) {
      await Promise.race([world.scheduler.clock.sleep(ms), world.when(() => world.isFinished)]);
      return undefined;
    },
  };
};

const DEEDS: readonly DeedOf[] = [pause, pause, pause, goOn, goOn, crash, crash, twice, rest];

/** A command is waited for or not, and comes from here or from another process. */
function sender(random: SeededRandom) {
  const isElsewhere = random.chance(0.25);
  const isWaitedFor = !isElsewhere && random.chance(0.6);
  return {
    how: `${isElsewhere ? "from elsewhere" : "from here"}${isWaitedFor ? "" : ", not waited for"}`,
    async do(world: RunWorld, command: (run: Run) => Promise<ControlResult>): Promise<readonly string[] | undefined> {
      const sent = isElsewhere ? world.runElsewhere().then(command) : world.tell(command);
      if (!isWaitedFor) {
        // Its problems are seen in the journal; a process that dies meanwhile answers nothing.
        sent.catch(() => {});
        return undefined;
      }
      const result = await sent.catch(unlessTryAgain);
      return result && world.tell((run) => checkView(run, world, result));
    },
  };
}

/** A store that fails is told of. */
function unlessTryAgain(error: unknown): undefined {
  if (!isSafepointError(error) || !error.retryable) throw error;
}

/** The view, read in the moment after the answer, against what is open. */
async function checkView(run: Run, world: RunWorld, result: ControlResult): Promise<readonly string[]> {
  const { status, control } = await run.view();
  if (status !== world.status) return [`the view says ${status} where the last turn said ${world.status}`];
  if (status !== "pausing" && status !== "cancelling") return [];
  const truth = [...world.watch.open].sort().join(", ");
  const said = control.draining
    .map(({ execution }) => execution)
    .sort()
    .join(", ");
  return said === truth ? [] : [`after ${result.commandId} the view says that ${said} drains; it is ${truth}`];
}

/** Not part of every plan: commits that take their time. */
export function slowStore(world: RunWorld, random: SeededRandom): FaultPlan {
  return slowCommits(world.scheduler.clock, () => random.pick([0, 0, 5, 50]));
}
