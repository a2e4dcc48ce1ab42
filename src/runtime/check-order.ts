import { SafepointError } from "../errors.ts";
import { COMMAND_NAME_CHARS_MAX, COMMAND_REASON_CHARS_MAX } from "../limits.ts";
import type { CommandOptions } from "./api.ts";

/**
 * What every command may say, before it is on its way: the same from the library, the command line and over HTTP, and
 * nothing is stored of one that does not fit. *Throws* `usage`.
 */
export function checkOrder({ commandId, actor, reason, timeoutMs }: CommandOptions): void {
  checkText("command id", commandId, { least: 1, most: COMMAND_NAME_CHARS_MAX });
  checkText("actor", actor, { least: 1, most: COMMAND_NAME_CHARS_MAX });
  checkText("reason", reason, { least: 0, most: COMMAND_REASON_CHARS_MAX });
  checkMs("timeoutMs", timeoutMs);
}

/** *Throws* `usage` for a way to pause that there is not: it would pass for a drain. */
export function checkMode(mode: unknown): void {
  if (mode === undefined || mode === "drain" || mode === "interrupt") return;
  throw new SafepointError("usage", `expected the mode drain or interrupt, found ${JSON.stringify(mode)}`);
}

/** *Throws* `usage` unless it is a number of milliseconds, or absent. */
export function checkMs(name: string, value: unknown): void {
  if (value === undefined || (typeof value === "number" && value >= 0 && value < Number.POSITIVE_INFINITY)) return;
  throw new SafepointError("usage", `expected ${name} in milliseconds from 0, found ${String(value)}`);
}

function checkText(what: string, value: unknown, { least, most }: { readonly least: number; readonly most: number }) {
  if (value === undefined) return;
  const chars = typeof value === "string" ? value.length : -1;
  if (chars >= least && chars <= most) return;
  const found = chars < 0 ? `a value of type ${typeof value}` : `${chars}`;
  throw new SafepointError("usage", `expected a ${what} of ${least} to ${most} characters, found ${found}`);
}
