/** What handlers, tools and agents say of their stage, in our names or in those of the Attractor specification. */
import { isStatusWord, type JsonValue, type Outcome, statusWord } from "../../graph/index.ts";
import { FAILURE_REASON_CHARS_MAX, NOTES_CHARS_MAX } from "../../limits.ts";
import { truncateMiddle } from "../processes/kept-output.ts";
import { findNonJson } from "./plain-json.ts";

export type OutcomeReading =
  | {
      readonly ok: true;
      readonly outcome: Outcome;
      /** What was read but means nothing; worth a line in the log. */
      readonly ignored: readonly string[];
    }
  | { readonly ok: false; readonly problem: string };

/** Every name of every part of an outcome; the first one that is there counts. */
const NAMES = {
  status: ["status", "outcome"],
  contextUpdates: ["contextUpdates", "context_updates", "context"],
  preferredLabel: ["preferredLabel", "preferred_label", "preferred_next_label"],
  suggestedNextIds: ["suggestedNextIds", "suggested_next_ids"],
  notes: ["notes"],
  failureReason: ["failureReason", "failure_reason"],
} as const;
const KNOWN: ReadonlySet<string> = new Set(Object.values(NAMES).flat());

/** A status as written: any case, aliases resolved. Undefined where it is no status word. */
export function readStatus(text: unknown): string | undefined {
  if (typeof text !== "string") return undefined;
  const word = statusWord(text);
  return isStatusWord(word) ? word : undefined;
}

/** An object as an outcome. The outcome is a copy: whoever gave it may change it without changing what is stored. */
export function readOutcome(value: object, defaultStatus?: string): OutcomeReading {
  const given = new Map(Object.entries(value).filter(([, part]) => part !== undefined && part !== null));
  const take = (part: keyof typeof NAMES): unknown => {
    const name = NAMES[part].find((candidate) => given.has(candidate));
    return name === undefined ? undefined : given.get(name);
  };
  const written = take("status") ?? defaultStatus;
  const status = readStatus(written);
  if (status === undefined) return { ok: false, problem: describeStatus(written) };
  const problem = refuseParts(take);
  if (problem) return { ok: false, problem };
  const updates = take("contextUpdates") as Record<string, JsonValue> | undefined;
  const label = take("preferredLabel");
  const ids = take("suggestedNextIds") as string[] | undefined;
  const notes = take("notes");
  const reason = take("failureReason");
  const outcome: Outcome = {
    status,
    ...(updates && { contextUpdates: JSON.parse(JSON.stringify(updates)) as Record<string, JsonValue> }),
    ...(typeof label === "string" && label !== "" && { preferredLabel: label }),
    ...(ids && ids.length > 0 && { suggestedNextIds: [...ids] }),
    ...(typeof notes === "string" && { notes: truncateMiddle(notes, NOTES_CHARS_MAX) }),
    ...(typeof reason === "string" && { failureReason: truncateMiddle(reason, FAILURE_REASON_CHARS_MAX) }),
  };
  return { ok: true, outcome, ignored: [...given.keys()].filter((name) => !KNOWN.has(name)) };
}

function describeStatus(written: unknown): string {
  if (written === undefined)
    return "an outcome needs a `status`: success, partial_success, fail, retry, skipped or a word";
  const shown = typeof written === "string" ? JSON.stringify(written.slice(0, 80)) : `a ${typeof written}`;
  return `a status is success, partial_success, fail, retry, skipped or a word of [a-z][a-z0-9_-]*, not ${shown}`;
}

function refuseParts(take: (part: keyof typeof NAMES) => unknown): string | undefined {
  for (const part of ["preferredLabel", "notes", "failureReason"] as const) {
    const value = take(part);
    if (value !== undefined && typeof value !== "string") return `${part} is a text, not a ${typeof value}`;
  }
  const ids = take("suggestedNextIds");
  if (ids !== undefined && !(Array.isArray(ids) && ids.every((id) => typeof id === "string")))
    return "suggestedNextIds is a list of node ids";
  const updates = take("contextUpdates");
  if (updates === undefined) return undefined;
  if (typeof updates !== "object" || Array.isArray(updates)) return "contextUpdates is an object of keys and values";
  const nonJson = findNonJson(updates, "contextUpdates");
  return nonJson && `contextUpdates must be plain JSON, but ${nonJson}`;
}
