import { SafepointError } from "../errors.ts";
import { parseDuration } from "../graph/durations.ts";
import type { JsonValue } from "../graph/index.ts";
import { MAIN_BRANCH, readBranchAddress, readStageAddress } from "../journal/address.ts";
import { RUN_STATUSES } from "../journal/status.ts";
import type { RunStatus } from "../persistence/store.ts";

/** For Commander: an option that may be given several times. */
export function collect(value: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, value];
}

/** `k=v` pairs, last one wins. *Throws* `usage`. */
export function readPairs(option: string, pairs: readonly string[] = []): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf("=");
      if (at < 1) throw badValue(option, "key=value", pair);
      return [pair.slice(0, at), pair.slice(at + 1)] as const;
    }),
  );
}

/** A value as JSON if it is JSON, else as the text it is: `3` is a number, `abc` a string, `"3"` a string too. */
export function readJsonOrText(text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return text;
  }
}

/** *Throws* `usage` unless the text is a whole number of at least `least`. */
export function readCount(option: string, text: string, least = 0): number {
  const value = /^[0-9]{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isNaN(value) || value < least) throw badValue(option, `a whole number from ${least}`, text);
  return value;
}

/** A duration in ms; a bare number is seconds, as in pipelines. *Throws* `usage`. */
export function readDuration(option: string, text: string): number {
  const ms = parseDuration(/^[0-9]+$/.test(text) ? `${text}s` : text);
  if (ms === undefined) throw badValue(option, "a duration as 30s, 5m or 250ms", text);
  return ms;
}

/** Statuses of runs, separated by commas or given several times. *Throws* `usage`. */
export function readStatuses(option: string, words: readonly string[] = []): readonly RunStatus[] {
  return readWords(option, words, RUN_STATUSES);
}

/** Words of a list, separated by commas or given several times. *Throws* `usage`. */
export function readWords<W extends string>(
  option: string,
  texts: readonly string[] = [],
  words: readonly W[],
): readonly W[] {
  return texts.flatMap((text) => text.split(",")).map((text) => readWord(option, text, words));
}

/** The path of a branch, or the address of an activation or stage. *Throws* `usage` for text that can be none. */
export function readPlace(option: string, text: string): string {
  if (text === MAIN_BRANCH || readBranchAddress(text) || readStageAddress(text)) return text;
  throw badValue(option, "a branch as main/fan@1/0, or an activation as main/fan@1", text);
}

/** *Throws* `usage` unless the text is one of the words. */
export function readWord<W extends string>(option: string, text: string, words: readonly W[]): W {
  const word = words.find((candidate) => candidate === text);
  if (word === undefined) throw badValue(option, `one of ${words.join(", ")}`, text);
  return word;
}

export function badValue(option: string, expected: string, found: string): SafepointError {
  return new SafepointError("usage", `${option}: expected ${expected}, found "${found}"`, {
    details: { option, expected, found },
  });
}
