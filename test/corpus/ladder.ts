/**
 * The pipelines of a common form: each step is `impl_x`, `verify_x`, and a diamond `check_x` that leads on or back to
 * `impl_x`; at the end `review` and `check_review`. Their paths are said by the way through the steps.
 */
export interface LadderForm {
  /** Nodes between the start and the first step. */
  readonly before: readonly string[];
  readonly steps: readonly string[];
}

/** `impl_x verify_x check_x` of each step, as many times as named. */
export function climb(steps: readonly string[]): string {
  return steps.map((step) => `impl_${step} verify_${step} check_${step}`).join(" ");
}

/** The whole way, with what comes between `start` and `exit` as given; by default each step once and a review. */
export function ladder({ before, steps }: LadderForm, way: readonly string[] = [climb(steps), REVIEW]): string {
  return ["start", ...before, ...way, "exit"].join(" ");
}

export const REVIEW = "review check_review";

/** The steps from `first` on, and up to `last`. */
export function from({ steps }: LadderForm, first: string, last?: string): readonly string[] {
  return steps.slice(steps.indexOf(first), last === undefined ? undefined : steps.indexOf(last) + 1);
}
