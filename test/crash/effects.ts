/** What executions left in the world, held against what the journal says of them. */
import type { EntryType } from "../../src/journal/catalogue.ts";
import type { JournalEntry } from "../../src/journal/entry.ts";

export interface EffectLine {
  /** `tick`: in between, by a tool that goes on writing. */
  readonly kind: "start" | "end" | "tick";
  readonly execution: string;
}

/** Lines as `<kind> <execution> <pid> <time>`. A line that a kill cut is no line. */
export function parseEffects(text: string): EffectLine[] {
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => {
      const [kind, execution] = line.split(" ");
      return { kind: kind as EffectLine["kind"], execution: execution ?? "" };
    });
}

const ENDS: ReadonlySet<EntryType> = new Set<EntryType>([
  "stage.succeeded",
  "stage.failed",
  "stage.skipped",
  "stage.retry_scheduled",
]);

/**
 * What a crash must never lead to, one sentence a fault. Every execution is over before the next one of its stage
 * begins (in a pipeline that does one thing at a time: of any stage), an execution is stored before it does anything,
 * begins once, and nothing of a stage or attempt runs after its end is stored.
 */
export function checkEffects(
  lines: readonly EffectLine[],
  entries: readonly JournalEntry[],
  { isSequential }: { readonly isSequential: boolean },
): string[] {
  const apart = isSequential ? [lines] : Map.groupBy(lines, ({ execution }) => execution.split("#")[0]).values();
  return [...[...apart].flatMap(findOverlaps), ...findUnknown(lines, entries), ...findRepeated(lines, entries)];
}

function findOverlaps(lines: readonly EffectLine[]): string[] {
  const problems: string[] = [];
  const over = new Set<string>();
  let current: string | undefined;
  for (const { kind, execution } of lines) {
    if (execution === current) {
      if (kind === "start") problems.push(`${execution} began twice`);
      continue;
    }
    if (over.has(execution)) problems.push(`${execution} went on (${kind}) after ${current} had begun`);
    else if (kind !== "start") problems.push(`${execution} has a ${kind} before its start`);
    if (current !== undefined) over.add(current);
    current = execution;
  }
  return problems;
}

function findUnknown(lines: readonly EffectLine[], entries: readonly JournalEntry[]): string[] {
  const started = new Set(entries.filter(({ type }) => type === "stage.started").map(({ execution }) => execution));
  const unknown = new Set(lines.map(({ execution }) => execution).filter((execution) => !started.has(execution)));
  return [...unknown].map((execution) => `${execution} did something, but the journal does not know it`);
}

/** Executions of an attempt are numbered, so one that came after the stored end has a larger number. */
function findRepeated(lines: readonly EffectLine[], entries: readonly JournalEntry[]): string[] {
  const problems: string[] = [];
  const begun = lines.filter(({ kind }) => kind === "start").map(({ execution }) => execution);
  for (const { type, execution, data } of entries) {
    if (!ENDS.has(type) || execution === undefined) continue;
    const attempt = execution.slice(0, execution.lastIndexOf("."));
    const newest = begun.filter((other) => other.startsWith(`${attempt}.`)).at(-1);
    if (newest !== execution) problems.push(`${execution} is stored as ended, but the newest to run was ${newest}`);
    const isCut = (data as { code?: string }).code === "timeout";
    const ends = lines.filter((line) => line.kind === "end" && line.execution === execution).length;
    // A retried attempt may end by a throw, which leaves no line.
    if (type === "stage.succeeded" && !isCut && ends !== 1) problems.push(`${execution} ended ${ends} times`);
  }
  return problems;
}
