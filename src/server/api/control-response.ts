/** What a command came to, as a response: 202 for what is accepted or in force, a problem for what is refused. */
import { SafepointError } from "../../errors.ts";
import type { ControlResult } from "../../runtime/api.ts";
import { problemOf, problemResponse } from "./problem.ts";

export function controlResponse(result: ControlResult): Response {
  if (result.accepted !== false) return Response.json(result, { status: 202 });
  const { code = "usage", hint, verb } = result;
  const problem = problemOf(new SafepointError(code, hint || `${verb} was refused`));
  // The result whole, with what is a problem's beside it.
  return problemResponse({ ...result, ...problem });
}
