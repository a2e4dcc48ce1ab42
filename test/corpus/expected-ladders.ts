/** Scenarios of the pipelines that are ladders. Worked out from the rules of routing, not recorded. */
import { climb, from, type LadderForm, ladder, REVIEW } from "./ladder.ts";
import type { Scenario } from "./scenario.ts";

const words = (text: string) => text.split(" ");
const form = (before: string, steps: string): LadderForm => ({
  before: before === "" ? [] : words(before),
  steps: words(steps),
});

const greenComplex = form(
  "",
  "setup types loader imageproc tracer_phase1 tracer_phase2 tracer_phase3 tracer_phase4 coordinates tracer_main metrics tables assembler writer pipeline validator rasterizer ssim test_harness cli_build cli_rasterize cli_validate cli_test integration",
);
const greenModerate = form("expand_spec", "setup types robotstxt checker extractor crawler report cli integration");
const greenVague = form("", "setup core_types game_logic ui_render ui_input persistence integration");
const refactorComplex = form(
  "",
  "setup loader tracer metrics tables writer validator rasterizer cli test_harness integration",
);
const refactorModerate = form("expand_spec", "setup crawler robots checker formatter cli integration");
const refactorVague = form("expand_spec", "setup data_structures game_logic terminal_ui integration");

const allSucceed = (of: LadderForm): Scenario => ({ name: "all succeed", path: ladder(of), ends: "completed" });

/** A failed check leads back to its step, whether by `outcome=fail` or without a condition. */
const verifyFails = (of: LadderForm, step: string): Scenario => ({
  name: `verify_${step} fails once`,
  script: { [`verify_${step}`]: ["fail", "success"] },
  path: ladder(of, [climb(from(of, "setup", step)), climb(from(of, step)), REVIEW]),
  ends: "completed",
});

/** `review` is a goal gate; its diamond sends back to `fix`, and it is visited again before the exit. */
const reviewFails = (of: LadderForm, fix: string): Scenario => ({
  name: "review fails once",
  script: { review: ["fail", "success"] },
  path: ladder(of, [climb(of.steps), REVIEW, climb(from(of, fix)), REVIEW]),
  ends: "completed",
});

/** Without retries of its own a step is not tried again on `fail`; it jumps to the graph's retry target. */
const implFails = (of: LadderForm, step: string): Scenario => ({
  name: `impl_${step} fails once`,
  script: { [`impl_${step}`]: ["fail", "success"] },
  path: ladder(
    of,
    [climb(from(of, "setup", step).slice(0, -1)), `impl_${step}`, climb(of.steps), REVIEW].filter(Boolean),
  ),
  ends: "completed",
});

/** With retries of its own it is, within the same visit. */
const implRetried = (of: LadderForm, step: string): Scenario => ({
  name: `impl_${step} fails twice, which its retries cover`,
  script: { [`impl_${step}`]: ["fail", "fail", "success"] },
  path: ladder(of),
  ends: "completed",
});

/** Five jumps to the retry target are the limit: the sixth failure is the run's. */
const implNeverSucceeds = (of: LadderForm, step: string): Scenario => ({
  name: `impl_${step} never succeeds`,
  script: { [`impl_${step}`]: ["fail"] },
  path: words("start")
    .concat(of.before, Array(6).fill(`${climb(from(of, "setup", step).slice(0, -1))} impl_${step}`))
    .join(" "),
  ends: "redirect_limit",
});

/** Where both edges of the diamond have a condition, neither holds for any other word. */
const noRoute = (of: LadderForm, step: string, word: string): Scenario => ({
  name: `verify_${step} says ${word}`,
  script: { [`verify_${step}`]: [word] },
  path: ["start", ...of.before, climb(from(of, "setup", step))].join(" "),
  ends: "no_route",
});

/** Where the way back has no condition, every word but success takes it. */
const wordGoesBack = (of: LadderForm, step: string, word: string): Scenario => ({
  ...verifyFails(of, step),
  name: `verify_${step} says ${word} once`,
  script: { [`verify_${step}`]: [word, "success"] },
});

/** No edge tests `outcome=retry`, so it is a retry: the graph's three are enough for three. */
const verifyRetried = (of: LadderForm, step: string): Scenario => ({
  name: `verify_${step} says retry three times`,
  script: { [`verify_${step}`]: ["retry", "retry", "retry", "success"] },
  path: ladder(of),
  ends: "completed",
});

/** A fourth `retry` is a failure, which the diamond sees as `fail`. */
const verifyExhausted = (of: LadderForm, step: string): Scenario => ({
  ...verifyFails(of, step),
  name: `verify_${step} says retry until its attempts are used up`,
  // Attempt 4 of visit 1 is number 4; attempt 1 of visit 2 is number 2, and so on up to number 5.
  script: { [`verify_${step}`]: ["retry", "retry", "retry", "retry", "success"] },
});

/** A skipped goal gate is unmet. Nothing on the way stops the run, so it is redirected at its exit. */
const skippedGate = (of: LadderForm, step: string): Scenario => ({
  name: `the goal gate impl_${step} is skipped once`,
  script: { [`impl_${step}`]: ["skipped", "success"] },
  path: ladder(of, [climb(of.steps), REVIEW, "exit", climb(of.steps), REVIEW]),
  ends: "completed",
});

const green = (of: LadderForm, middle: string, fix: string): Scenario[] => [
  allSucceed(of),
  verifyFails(of, middle),
  reviewFails(of, fix),
  implRetried(of, middle),
  implNeverSucceeds(of, middle),
  noRoute(of, middle, "partial_success"),
  noRoute(of, middle, "needs_work"),
  verifyRetried(of, middle),
  verifyExhausted(of, middle),
];

const refactor = (of: LadderForm, retried: string, fix: string): Scenario[] => [
  allSucceed(of),
  verifyFails(of, retried),
  reviewFails(of, fix),
  implFails(of, "setup"),
  implFails(of, "integration"),
  implRetried(of, retried),
  implNeverSucceeds(of, retried),
  wordGoesBack(of, retried, "partial_success"),
  wordGoesBack(of, retried, "needs_work"),
  verifyExhausted(of, retried),
];

export const LADDERS: Readonly<Record<string, readonly Scenario[]>> = {
  "kilroy/research--green-test-complex.dot": green(greenComplex, "tables", "setup"),
  "kilroy/research--green-test-moderate.dot": green(greenModerate, "crawler", "cli"),
  "kilroy/research--green-test-vague.dot": [
    ...green(greenVague, "ui_render", "integration"),
    implFails(greenVague, "setup"),
  ],
  "kilroy/research--refactor-test-complex.dot": [
    ...refactor(refactorComplex, "tables", "integration"),
    skippedGate(refactorComplex, "test_harness"),
  ],
  "kilroy/research--refactor-test-moderate.dot": [
    ...refactor(refactorModerate, "checker", "integration"),
    skippedGate(refactorModerate, "integration"),
  ],
  "kilroy/research--refactor-test-vague.dot": refactor(refactorVague, "terminal_ui", "terminal_ui"),
  // Its diamonds have three edges: `outcome=fail` and no condition lead the same way.
  "kilroy/demo--solitaire--solitaire-fast.dot": refactor(refactorVague, "game_logic", "terminal_ui"),
};
