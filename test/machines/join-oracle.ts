/**
 * What a join should come to, told from the whole sequence of its ends instead of from counts: the words of the
 * specification, one function a policy, shares as whole numbers. Shares nothing with src/machines/join.ts.
 */
import type { ErrorPolicy, JoinPolicy } from "../../src/graph/index.ts";

export interface OracleJoin {
  readonly policy: JoinPolicy;
  readonly errorPolicy: ErrorPolicy;
  readonly k: number;
  /** The ratio of a quorum, in whole percent. */
  readonly percent: number;
}

/** Status words in the order of the ends; every branch ends. */
export type Ends = readonly string[];

export interface Expected {
  /** How many ends it takes. */
  readonly after: number;
  readonly decision: "success" | "partial_success" | "fail";
  readonly status: string;
}

const isFailure = (status: string) => status === "fail";
const plain = (after: number, decision: Expected["decision"]): Expected => ({ after, decision, status: decision });

export function expectedJoin(join: OracleJoin, ends: Ends): Expected {
  if (join.policy === "any") return firstEnd(join, ends);
  if (join.policy === "wait_all") return afterAll(join, ends);
  for (let after = 1; after <= ends.length; after += 1) {
    const seen = ends.slice(0, after);
    const unseen = ends.length - after;
    if (isEnough(join, seen, unseen)) return plain(after, "success");
    const atBest = [...seen, ...Array<string>(unseen).fill("success")];
    if (join.errorPolicy === "fail_fast" && !isEnough(join, atBest, 0)) return plain(after, "fail");
  }
  return plain(ends.length, "fail");
}

function firstEnd({ errorPolicy }: OracleJoin, ends: Ends): Expected {
  const at = errorPolicy === "ignore" ? ends.findIndex((status) => !isFailure(status)) : 0;
  if (at < 0) return plain(ends.length, "fail");
  const status = ends[at] as string;
  const decision = isFailure(status) ? "fail" : status === "partial_success" ? "partial_success" : "success";
  return { after: at + 1, decision, status };
}

function afterAll({ errorPolicy }: OracleJoin, ends: Ends): Expected {
  const failure = ends.findIndex(isFailure);
  if (failure >= 0 && errorPolicy === "fail_fast") return plain(failure + 1, "fail");
  if (ends.every(isFailure)) return plain(ends.length, "fail");
  return plain(ends.length, failure < 0 || errorPolicy === "ignore" ? "success" : "partial_success");
}

/** Whether those that were seen are enough, with so many yet to come. */
function isEnough({ policy, errorPolicy, k, percent }: OracleJoin, seen: Ends, unseen: number): boolean {
  const good = seen.filter((status) => !isFailure(status));
  if (good.length === 0) return false;
  const isIgnoring = errorPolicy === "ignore";
  const asked = isIgnoring ? [...good, ...Array<string>(unseen).fill("unseen")] : [...seen, ...Array(unseen)];
  switch (policy) {
    case "all_success":
      return good.length === asked.length;
    case "first_success":
      return true;
    case "k_of_n":
      return good.length >= k || (isIgnoring && unseen === 0);
    default:
      return 100 * good.length >= percent * asked.length;
  }
}
