/** Small random pipelines whose end does not depend on when anything happens, with what their stages do. */
import { type Part, type PartContext, PLAIN_PARTS, TIMED_PARTS } from "./random-parts.ts";
import type { Script, ScriptedCall } from "./scripted-handlers.ts";
import type { SeededRandom } from "./seeded-random.ts";

export interface RandomPipeline {
  /** DOT text. Its work has the type `work`. */
  readonly source: string;
  readonly script: Script;
  /** What to answer at which gate, by node; a gate that is not here is left to its deadline. */
  readonly answers: Readonly<Record<string, string>>;
}

export interface RandomPipelineOptions {
  /** Parts that follow one another, at most. Default 5. */
  readonly partsMax?: number;
}

/**
 * A chain of parts: plain steps, conditions, diamonds, cycles, retries with back-off, time-outs, waits, gates with and
 * without a deadline, goal gates, and now and then one that ends the run as failed. Outcomes follow from node, visit
 * and attempt alone, so that every schedule of one pipeline must come to the same end.
 */
export function randomPipeline(random: SeededRandom, options: RandomPipelineOptions = {}): RandomPipeline {
  const count = random.between(1, options.partsMax ?? 5);
  const lines: string[] = [];
  const script: Record<string, ScriptedCall | readonly ScriptedCall[]> = {};
  const answers: Record<string, string> = {};
  const names = Array.from({ length: count }, (_, index) => `p${index}`);
  for (const [index, name] of names.entries()) {
    const context: PartContext = { random, name, next: names[index + 1] ?? "exit", first: names[0] as string };
    const part = choosePart(random)(context);
    lines.push(...part.lines);
    Object.assign(script, part.script);
    Object.assign(answers, part.answers);
  }
  const source = ["digraph random {", "start -> p0", "exit [shape=Msquare]", ...lines, "}"].join("\n");
  return { source, script, answers };
}

function choosePart(random: SeededRandom): (context: PartContext) => Part {
  return random.chance(0.5) ? random.pick(PLAIN_PARTS) : random.pick(TIMED_PARTS);
}
