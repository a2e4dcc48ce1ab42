import { SafepointError } from "../errors.ts";

const RUN_ID = /^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$/;

/** *Throws* `usage` for an id that could not be told apart in paths, addresses and command lines. */
export function checkRunId(runId: string): void {
  if (RUN_ID.test(runId)) return;
  throw new SafepointError(
    "usage",
    `expected a run id of letters, digits, . _ ~ - (128 at most), found ${JSON.stringify(runId)}`,
  );
}
