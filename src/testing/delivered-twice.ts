import type { ControlResult } from "../runtime/api.ts";

/**
 * Sends one command twice under one id, the second before the first has been answered, as a client does that had no
 * answer in time. Both get the same result, and it takes effect once.
 */
export async function deliveredTwice(
  commandId: string,
  send: (options: { readonly commandId: string }) => Promise<ControlResult>,
): Promise<readonly [ControlResult, ControlResult]> {
  return Promise.all([send({ commandId }), send({ commandId })]);
}
