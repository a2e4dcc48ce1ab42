/** Scenarios of the pipelines with fan-outs. Worked out from the rules of parallels, not recorded. */
import type { Scenario } from "./scenario.ts";

const TRIAGE = "start triage[investigate_logs|inspect_tests|review_recent_changes]";

/** All three have to succeed; the fan-in picks one; nobody who decides within the time means the fast way. */
export const triage: readonly Scenario[] = [
  {
    name: "all succeed, and nobody decides",
    path: `${TRIAGE} merge_findings decision_gate fast_fix exit`,
    ends: "completed",
  },
  {
    name: "the other way is chosen",
    answers: { decision_gate: ["D"] },
    path: `${TRIAGE} merge_findings decision_gate deep_fix exit`,
    ends: "completed",
  },
  {
    name: "a word of its own and a partial success are successes",
    script: { investigate_logs: ["inconclusive"], inspect_tests: ["partial_success"] },
    path: `${TRIAGE} merge_findings decision_gate fast_fix exit`,
    ends: "completed",
  },
  {
    name: "one branch fails: the failed join does not fall through to the fan-in",
    script: { inspect_tests: ["fail"] },
    path: TRIAGE,
    ends: "stage_failed",
  },
  {
    name: "one branch is skipped, which is no failure",
    script: { review_recent_changes: ["skipped"] },
    path: `${TRIAGE} merge_findings decision_gate fast_fix exit`,
    ends: "completed",
  },
  {
    name: "what follows fails",
    script: { fast_fix: ["fail"] },
    path: `${TRIAGE} merge_findings decision_gate fast_fix`,
    ends: "stage_failed",
  },
];

const NEWSLETTER_PLANS = "plan_fanout[plan_a|plan_b]";
const NEWSLETTER_BUILT =
  "debate_consolidate implement fix_fmt verify_fmt check_fmt verify_build check_build verify_test check_test verify_browser check_browser verify_artifacts check_artifacts verify_fidelity check_impl";
const NEWSLETTER_START = "start check_toolchain expand_spec";
const NEWSLETTER_REVIEWS = "review_fanout[review_a|review_b]";
const NEWSLETTER = `${NEWSLETTER_PLANS} ${NEWSLETTER_BUILT} ${NEWSLETTER_REVIEWS}`;

/** The graph's retry target is the first fan-out itself. */
export const newsletter: readonly Scenario[] = [
  { name: "all succeed", path: `${NEWSLETTER_START} ${NEWSLETTER} review_consensus exit`, ends: "completed" },
  {
    name: "one plan and one review fail: what is left is enough",
    script: { plan_b: ["fail"], review_a: ["fail"] },
    path: `${NEWSLETTER_START} ${NEWSLETTER} review_consensus exit`,
    ends: "completed",
  },
  {
    name: "a plan is tried again within its branch",
    script: { plan_a: ["retry", "retry", "success"] },
    path: `${NEWSLETTER_START} ${NEWSLETTER} review_consensus exit`,
    ends: "completed",
  },
  {
    name: "no plan ever succeeds: a branch begins its visits anew, so the fan-out is gone back to until the limit",
    script: { plan_a: ["fail", "success"], plan_b: ["fail"] },
    path: `${NEWSLETTER_START}${` ${NEWSLETTER_PLANS}`.repeat(6)}`,
    ends: "redirect_limit",
  },
  {
    name: "the consensus fails once: the postmortem leads back to the fan-out",
    script: { review_consensus: ["fail", "success"] },
    path: `${NEWSLETTER_START} ${NEWSLETTER} review_consensus postmortem ${NEWSLETTER} review_consensus exit`,
    ends: "completed",
  },
  {
    name: "the tests fail once, behind a join",
    script: { verify_test: ["fail", "success"] },
    path: `${NEWSLETTER_START} ${NEWSLETTER_PLANS} debate_consolidate implement fix_fmt verify_fmt check_fmt verify_build check_build verify_test check_test ${NEWSLETTER_BUILT.replace("debate_consolidate ", "")} ${NEWSLETTER_REVIEWS} review_consensus exit`,
    ends: "completed",
  },
];

const FACTORY_START = "start check_toolchain expand_spec check_dod";
const FACTORY_DOD = "dod_fanout[dod_a|dod_b|dod_c] consolidate_dod";
const FACTORY_PLANS = "plan_fanout[plan_a|plan_b|plan_c] debate_consolidate";
const FACTORY_CHECKED =
  "implement check_implement fix_fmt verify_fmt check_fmt verify_build check_build verify_test check_test verify_artifacts check_artifacts verify_fidelity check_impl review_fanout[review_a|review_b|review_c]";
const FACTORY_WAY = `${FACTORY_START} ${FACTORY_DOD} ${FACTORY_PLANS} ${FACTORY_CHECKED}`;
const TRANSIENT = { status: "fail", contextUpdates: { failure_class: "transient_infra" } };

/** Three fan-outs one after the other; the graph's retry target is behind the second. */
export const factory: readonly Scenario[] = [
  { name: "all succeed", path: `${FACTORY_WAY} review_consensus exit`, ends: "completed" },
  {
    name: "a definition of done is there",
    script: { check_dod: ["has_dod"] },
    path: `${FACTORY_START} ${FACTORY_PLANS} ${FACTORY_CHECKED} review_consensus exit`,
    ends: "completed",
  },
  {
    name: "two of three reviewers fail",
    script: { review_a: ["fail"], review_c: ["fail"] },
    path: `${FACTORY_WAY} review_consensus exit`,
    ends: "completed",
  },
  {
    name: "no reviewer ever succeeds",
    script: { review_a: ["fail"], review_b: ["fail"], review_c: ["fail", "success"] },
    path: `${FACTORY_WAY}${` ${FACTORY_CHECKED}`.repeat(5)}`,
    ends: "redirect_limit",
  },
  {
    name: "the consensus fails, and the postmortem wants another plan",
    script: { review_consensus: ["fail", "success"], postmortem: ["needs_replan"] },
    path: `${FACTORY_WAY} review_consensus postmortem ${FACTORY_PLANS} ${FACTORY_CHECKED} review_consensus exit`,
    ends: "completed",
  },
  {
    name: "what a branch says of a failure stays in the branch: the run does not start over",
    script: { plan_a: [TRANSIENT], verify_fidelity: ["fail", "success"] },
    path: `${FACTORY_WAY.replace(/ review_fanout.*/, "")} postmortem ${FACTORY_CHECKED} review_consensus exit`,
    ends: "completed",
  },
  {
    name: "implement fails for a passing reason: the run starts over there, behind the fan-outs",
    scripts: [{ implement: [TRANSIENT] }, {}],
    path: `${FACTORY_START} ${FACTORY_DOD} ${FACTORY_PLANS} implement check_implement / ${FACTORY_CHECKED} review_consensus exit`,
    ends: "completed",
  },
];
