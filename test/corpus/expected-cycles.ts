/** Scenarios of the pipelines with large cycles and with restarts. Worked out from the rules of routing, not recorded. */
import type { Scenario } from "./scenario.ts";

const ROGUE_CHECKS = "fix_fmt verify_fmt verify_build verify_test verify_artifacts verify_fidelity review_consensus";
const ROGUE_AGAIN = `postmortem debate_consolidate implement ${ROGUE_CHECKS} exit`;
const ROGUE_BEFORE = "start check_toolchain expand_spec check_dod consolidate_dod prepare_ai_inputs implement";
const TRANSIENT = { status: "fail", contextUpdates: { failure_class: "transient_infra" } };

export const rogue: readonly Scenario[] = [
  { name: "all succeed", path: `${ROGUE_BEFORE} ${ROGUE_CHECKS} exit`, ends: "completed" },
  {
    name: "verify_test fails once",
    script: { verify_test: ["fail", "success"] },
    path: `${ROGUE_BEFORE} fix_fmt verify_fmt verify_build verify_test ${ROGUE_AGAIN}`,
    ends: "completed",
  },
  {
    name: "the toolchain is not there",
    script: { check_toolchain: ["fail"] },
    path: `start check_toolchain ${ROGUE_AGAIN}`,
    ends: "completed",
  },
  {
    name: "the toolchain check says a word that no condition is for",
    script: { check_toolchain: ["outdated"] },
    path: `start check_toolchain ${ROGUE_AGAIN}`,
    ends: "completed",
  },
  {
    name: "implement fails for a passing reason: the run starts over there",
    scripts: [{ implement: [TRANSIENT] }, {}],
    path: `${ROGUE_BEFORE} / implement ${ROGUE_CHECKS} exit`,
    ends: "completed",
  },
  {
    name: "implement fails for good: its three attempts, then the postmortem",
    script: { implement: ["fail", "fail", "fail", "success"] },
    // Attempt 1 of visit 2 is number 2 and fails; attempt 3 is number 4.
    path: `${ROGUE_BEFORE} postmortem debate_consolidate implement ${ROGUE_CHECKS} exit`,
    ends: "completed",
  },
  {
    name: "the review says retry, which an edge tests: a word like others",
    script: { review_consensus: ["retry", "success"] },
    path: `${ROGUE_BEFORE} ${ROGUE_CHECKS} ${ROGUE_AGAIN}`,
    ends: "completed",
  },
  {
    name: "the review says a word that no condition is for",
    script: { review_consensus: ["unsure", "success"] },
    path: `${ROGUE_BEFORE} ${ROGUE_CHECKS} ${ROGUE_AGAIN}`,
    ends: "completed",
  },
  {
    name: "check_dod fails, and has only a way on for success",
    script: { check_dod: ["fail"] },
    path: "start check_toolchain expand_spec check_dod",
    ends: "stage_failed",
  },
];

const CONSENSUS_REVIEW = "PlanGPT DebateConsolidate Implement ReviewGPT ReviewConsensus";

/** Of equal edges, the smallest target id is taken: `PlanGPT` before `PlanGemini`, because capitals come first. */
export const consensus: readonly Scenario[] = [
  {
    name: "a definition of done is needed",
    script: { CheckDoD: ["needs_dod"], ReviewConsensus: ["yes"] },
    path: `Start CheckDoD DefineDoD_GPT ConsolidateDoD ${CONSENSUS_REVIEW} Exit`,
    ends: "completed",
  },
  { name: "all succeed, and nothing is for success", path: "Start CheckDoD", ends: "no_route" },
  {
    name: "the first review is not a yes: starts over at the plans",
    scripts: [{ CheckDoD: ["has_dod"] }, { ReviewConsensus: ["yes"] }],
    path: `Start CheckDoD ${CONSENSUS_REVIEW} Postmortem / ${CONSENSUS_REVIEW} Exit`,
    ends: "completed",
  },
  {
    name: "no review is ever a yes: 50 restarts are the limit",
    script: { CheckDoD: ["has_dod"] },
    path: `Start CheckDoD ${CONSENSUS_REVIEW} Postmortem${` / ${CONSENSUS_REVIEW} Postmortem`.repeat(50)}`,
    ends: "restart_limit",
  },
  {
    name: "implement says retry for ever, which allow_partial makes a partial success",
    script: { CheckDoD: ["has_dod"], Implement: ["retry"], ReviewConsensus: ["yes"] },
    path: `Start CheckDoD ${CONSENSUS_REVIEW} Exit`,
    ends: "completed",
  },
  {
    name: "the review says retry, which no edge tests: it is tried again",
    script: { CheckDoD: ["has_dod"], ReviewConsensus: ["retry", "retry", "yes"] },
    path: `Start CheckDoD ${CONSENSUS_REVIEW} Exit`,
    ends: "completed",
  },
  {
    name: "CheckDoD fails once and is the graph's retry target itself",
    script: { CheckDoD: ["fail", "has_dod"], ReviewConsensus: ["yes"] },
    path: `Start CheckDoD CheckDoD ${CONSENSUS_REVIEW} Exit`,
    ends: "completed",
  },
  {
    name: "CheckDoD never succeeds",
    script: { CheckDoD: ["fail"] },
    path: `Start${" CheckDoD".repeat(6)}`,
    ends: "redirect_limit",
  },
];

const PORT_ONCE = "FetchUpstreamSonnet AnalyzePlanSonnet FinalizePlanGPT ImplementPort TestValidate";
const PROCESS = { FetchUpstreamSonnet: ["process"], AnalyzePlanSonnet: ["port"] };

export const semport: readonly Scenario[] = [
  {
    name: "nothing to do",
    script: { FetchUpstreamSonnet: ["done"] },
    path: "Start FetchUpstreamSonnet Exit",
    ends: "completed",
  },
  { name: "all succeed, and nothing is for success", path: "Start FetchUpstreamSonnet", ends: "no_route" },
  {
    name: "one change is ported, then there is nothing to do",
    scripts: [{ ...PROCESS, TestValidate: ["yes"] }, { FetchUpstreamSonnet: ["done"] }],
    path: `Start ${PORT_ONCE} FinalizeAndUpdateLedger / FetchUpstreamSonnet Exit`,
    ends: "completed",
  },
  {
    name: "the tests say retry, which an edge tests",
    scripts: [{ ...PROCESS, TestValidate: ["retry"] }, { FetchUpstreamSonnet: ["done"] }],
    path: `Start ${PORT_ONCE} AnalyzeFailureSonnet FinalizeAndUpdateLedger / FetchUpstreamSonnet Exit`,
    ends: "completed",
  },
  {
    name: "one change is skipped",
    scripts: [{ ...PROCESS, AnalyzePlanSonnet: ["skip"] }, { FetchUpstreamSonnet: ["done"] }],
    path: "Start FetchUpstreamSonnet AnalyzePlanSonnet / FetchUpstreamSonnet Exit",
    ends: "completed",
  },
  {
    name: "the tests fail",
    script: { ...PROCESS, TestValidate: ["fail"] },
    path: `Start ${PORT_ONCE}`,
    ends: "stage_failed",
  },
];
