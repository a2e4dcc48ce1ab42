/** What the schemas of many operations are made of. */
import { z } from "zod";
import { ERROR_CODES, type ErrorCode } from "../../errors.ts";
import type { JsonValue } from "../../graph/index.ts";
import { MAIN_BRANCH, readBranchAddress, readStageAddress } from "../../journal/address.ts";
import { LIST_ITEMS_MAX } from "../../limits.ts";
import { named } from "./named.ts";

export const text = z.string();
export const count = z.number().int().nonnegative();
/** RFC 3339, UTC, ms. */
export const time = z.iso.datetime();
export const json = named("Json", z.json() as unknown as z.ZodType<JsonValue>);
/** From 1; rounded down to the end of a complete turn. */
export const seq = z.number().int().positive();
export const limit = z.number().int().min(1).max(LIST_ITEMS_MAX).exactOptional();
export const cursor = z
  .string()
  .regex(/^[0-9a-z]{1,10}$/, "expected the cursor of a page")
  .exactOptional();
/** A branch's path, or the address of an activation or a stage. */
export const place = z
  .string()
  .refine((word) => word === MAIN_BRANCH || Boolean(readBranchAddress(word) ?? readStageAddress(word)), {
    error: "expected a branch as main/fan@1/0, or an activation as main/fan@1",
  });
export const label = z.string().regex(/^[^=]+=/, "expected a label as key=value");

export const problemSchema = named(
  "Problem",
  z.looseObject({
    type: text,
    title: text,
    status: z.number().int(),
    detail: text,
    code: z.enum(Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]]),
    retryable: z.boolean(),
    details: z.record(text, z.unknown()).exactOptional(),
  }),
);

/** `key=value` pairs as an object. */
export function labelsOf(pairs: readonly string[] = []): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf("=");
      return [pair.slice(0, at), pair.slice(at + 1)] as const;
    }),
  );
}
