import { SafepointError } from "../../../errors.ts";
import { LIST_ITEMS_MAX } from "../../../limits.ts";

/** Which part of a list. */
export interface PageQuery {
  /** At most so many, up to a hundred; default a hundred. */
  readonly limit?: number | undefined;
  /** Where the last page ended. */
  readonly cursor?: string | undefined;
}

export interface Window {
  /** Of the first that may be listed, in the order they began. */
  readonly from: number;
  readonly limit: number;
}

/** *Throws* `usage` for a limit or a cursor that is none. */
export function readWindow({ limit = LIST_ITEMS_MAX, cursor }: PageQuery): Window {
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > LIST_ITEMS_MAX) {
    throw new SafepointError("usage", `expected a limit from 1 to ${LIST_ITEMS_MAX}, found ${limit}`);
  }
  if (cursor !== undefined && !/^[0-9]{1,15}$/.test(cursor)) {
    throw new SafepointError("usage", `expected the cursor of a page, found "${cursor}"`, { details: { cursor } });
  }
  return { from: Number(cursor ?? 0), limit };
}
