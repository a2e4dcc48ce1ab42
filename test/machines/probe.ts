/**
 * What the charts do, as one number: every state of every sample, every event, and what follows. Run as a program it
 * prints the number and the file XState was loaded from, so that the two builds of XState can be compared.
 */
import { createHash } from "node:crypto";
import { begin, machineTag, persist, restore, step } from "../../src/machines/xstate.ts";
import { type Sample, samples } from "./samples.ts";

export interface Digest {
  readonly digest: string;
  readonly steps: number;
}

export function digestOfCharts(): Digest {
  const hash = createHash("sha256");
  let steps = 0;
  for (const sample of samples) {
    hash.update(sample.name);
    steps += walk(sample, (text) => hash.update(text));
  }
  return { digest: hash.digest("hex"), steps };
}

/** From checkpoint to checkpoint, so that reading them back is part of what is compared. */
function walk({ machine, input, eventsOf, isFarEnough }: Sample, see: (text: string) => void): number {
  const first = begin(machine, input as never);
  see(JSON.stringify(first.effects));
  const seen = new Set([persist(first.snapshot)]);
  let steps = 0;
  for (const text of seen) {
    see(text);
    const snapshot = restore(machine, machineTag(machine), text);
    if (isFarEnough(snapshot.context as never)) continue;
    for (const event of eventsOf(snapshot.context as never)) {
      const { snapshot: next, effects } = step(machine, snapshot, event);
      see(JSON.stringify(effects));
      seen.add(persist(next));
      steps += 1;
    }
  }
  return steps;
}

if (process.argv[1] === import.meta.filename) {
  process.stdout.write(JSON.stringify({ ...digestOfCharts(), from: import.meta.resolve("xstate") }));
}
