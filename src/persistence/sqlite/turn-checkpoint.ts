/**
 * What a turn leaves of its actors, as one text: the versions it wrote, who ended, and now and then where everybody
 * else's newest version is. Read backwards to the last such list, the texts tell who lives and how.
 */
import { SafepointError } from "../../errors.ts";
import type { JsonValue } from "../../graph/outcome.ts";
import { decodeJson } from "../json-text.ts";
import type { ActorWrite } from "../store.ts";

export interface TurnCheckpoint {
  readonly written: readonly (readonly [actor: string, machine: string, snapshot: JsonValue])[];
  readonly ended: readonly string[];
  /** Who lives after the turn and was not written in it, and the seq of the newest version. */
  readonly others?: readonly (readonly [actor: string, seq: number])[];
}

/** Snapshots go in as they are: they are JSON text by now. */
export function encodeCheckpoint(
  writes: readonly ActorWrite[],
  others: readonly (readonly [actor: string, seq: number])[] | undefined,
): string {
  const written: string[] = [];
  const ended: string[] = [];
  for (const write of writes) {
    if ("ended" in write) ended.push(write.actor);
    else written.push(`[${JSON.stringify(write.actor)},${JSON.stringify(write.machine)},${write.snapshot}]`);
  }
  const rest = others === undefined ? "" : `,"others":${JSON.stringify(others)}`;
  return `{"written":[${written.join()}],"ended":${JSON.stringify(ended)}${rest}}`;
}

/** Throws `store_corrupt` for a text that {@link encodeCheckpoint} did not write. */
export function decodeCheckpoint(text: string, where: string): TurnCheckpoint {
  const value = decodeJson<TurnCheckpoint | null>(text, where);
  const isWhole =
    value !== null &&
    isListOf(value.written, 3) &&
    Array.isArray(value.ended) &&
    (value.others === undefined || isListOf(value.others, 2));
  if (!isWhole) throw new SafepointError("store_corrupt", `${where} is not what a turn writes`, { details: { where } });
  return value;
}

function isListOf(list: unknown, length: number): boolean {
  return Array.isArray(list) && list.every((row) => Array.isArray(row) && row.length === length);
}
