/** Where each pipeline of the corpus has to lead. Worked out from the rules of routing, not recorded. */
import { consensus, rogue, semport } from "./expected-cycles.ts";
import { LADDERS } from "./expected-ladders.ts";
import { factory, newsletter, triage } from "./expected-parallels.ts";
import type { Scenario } from "./scenario.ts";

/** Start, one stage, exit. */
const oneStage: readonly Scenario[] = [
  { name: "all succeed", path: "start work exit", ends: "completed" },
  { name: "work fails", script: { work: ["fail"] }, path: "start work", ends: "stage_failed" },
  { name: "work says a word of its own", script: { work: ["polished"] }, path: "start work exit", ends: "completed" },
  // Nobody grants a retry: `retry` is a failure.
  { name: "work says retry", script: { work: ["retry", "success"] }, path: "start work", ends: "stage_failed" },
  { name: "work is skipped", script: { work: ["skipped"] }, path: "start work exit", ends: "completed" },
];

/** Two stages in a row, then the exit: a failure of either has no way on. */
const twoStages = (path: string, retries: number): readonly Scenario[] => {
  const [start, first = "", second = "", exit] = path.split(" ");
  return [
    { name: "all succeed", path, ends: "completed" },
    { name: `${first} fails`, script: { [first]: ["fail"] }, path: `${start} ${first}`, ends: "stage_failed" },
    {
      name: `${second} fails`,
      script: { [second]: ["fail"] },
      path: `${start} ${first} ${second}`,
      ends: "stage_failed",
    },
    {
      name: `${first} says partial_success and ${second} a word`,
      script: { [first]: ["partial_success"], [second]: ["cached"] },
      path: `${start} ${first} ${second} ${exit}`,
      ends: "completed",
    },
    {
      name: `${first} says retry once`,
      script: { [first]: ["retry", "success"] },
      ...(retries > 0 ? { path, ends: "completed" } : { path: `${start} ${first}`, ends: "stage_failed" }),
    },
  ];
};

/** Stages in `path` up to a gate that accepts or sends back to `back`. */
const reviewed = (way: { before: string; back: string; gate: string; after: string }): readonly Scenario[] => {
  const { before, back, gate, after } = way;
  const again = `${before} ${back}`.trim();
  const [first = ""] = again.split(" ");
  return [
    { name: "accepted", answers: { [gate]: ["A"] }, path: `start ${again} ${gate} ${after}`, ends: "completed" },
    {
      name: "sent back twice, then accepted",
      answers: { [gate]: ["R", "[R] Revise", "accept"] },
      path: `start ${again} ${gate} ${back} ${gate} ${back} ${gate} ${after}`,
      ends: "completed",
    },
    { name: `${first} fails`, script: { [first]: ["fail"] }, path: `start ${first}`, ends: "stage_failed" },
  ];
};

const buildTest: readonly Scenario[] = [
  {
    name: "all succeed",
    path: "start detect build check_build test check_test report_success done",
    ends: "completed",
  },
  {
    name: "the build fails, and that is reported",
    script: { build: ["fail"] },
    path: "start detect build check_build report_build_fail done",
    ends: "completed",
  },
  {
    name: "the build says a word that no condition is for",
    script: { build: ["partial_success"] },
    path: "start detect build check_build report_build_fail done",
    ends: "completed",
  },
  {
    name: "the tests fail, and so does the report",
    script: { test: ["fail"], report_test_fail: ["fail"] },
    path: "start detect build check_build test check_test report_test_fail",
    ends: "stage_failed",
  },
  {
    name: "the report says a word, and its only edge is for success",
    script: { report_success: ["written"] },
    path: "start detect build check_build test check_test report_success",
    ends: "no_route",
  },
  { name: "detect fails", script: { detect: ["fail"] }, path: "start detect", ends: "stage_failed" },
];

const MULTI = "start prepare claude_write codex_write opencode_write combine";

/** A failure may be led to the exit; the run is no success for that. */
const multiTool: readonly Scenario[] = [
  { name: "all succeed", path: `${MULTI} validate check_validate done`, ends: "completed" },
  { name: "prepare fails", script: { prepare: ["fail"] }, path: "start prepare done", ends: "stage_failed" },
  {
    name: "prepare says a word",
    script: { prepare: ["nothing_to_do"] },
    path: "start prepare done",
    ends: "completed",
  },
  {
    name: "an agent fails",
    script: { codex_write: ["fail"] },
    path: "start prepare claude_write codex_write",
    ends: "stage_failed",
  },
  { name: "combine fails", script: { combine: ["fail"] }, path: `${MULTI} done`, ends: "stage_failed" },
  {
    name: "validate fails: the diamond carries that to the exit",
    script: { validate: ["fail"] },
    path: `${MULTI} validate check_validate done`,
    ends: "stage_failed",
  },
  {
    name: "validate says partial_success",
    script: { validate: ["partial_success"] },
    path: `${MULTI} validate check_validate done`,
    ends: "completed",
  },
];

/** A diamond whose edges have labels and no conditions: the label decides where there is one, else the smallest id. */
const labelled = (way: {
  stages: string;
  diamond: string;
  first: string;
  other: string;
  otherLabel: string;
}): readonly Scenario[] => {
  const { stages, diamond, first, other, otherLabel } = way;
  const [agent = "", check = ""] = stages.split(" ");
  return [
    { name: "all succeed", path: `start ${stages} ${diamond} ${first}`, ends: "completed" },
    {
      name: `${check} fails`,
      script: { [check]: ["fail"] },
      path: `start ${stages} ${diamond} ${first}`,
      ends: "stage_failed",
    },
    {
      name: `${check} succeeds and prefers the other label`,
      script: { [check]: [{ status: "success", preferredLabel: otherLabel }] },
      path: `start ${stages} ${diamond} ${other}`,
      ends: "completed",
    },
    {
      name: `${check} fails and prefers the other label`,
      script: { [check]: [{ status: "fail", preferredLabel: otherLabel }] },
      path: `start ${stages} ${diamond} ${other}`,
      ends: "stage_failed",
    },
    {
      name: `${check} suggests the other exit`,
      script: { [check]: [{ status: "success", suggestedNextIds: ["nowhere", other] }] },
      path: `start ${stages} ${diamond} ${other}`,
      ends: "completed",
    },
    { name: `${agent} fails`, script: { [agent]: ["fail"] }, path: `start ${agent}`, ends: "stage_failed" },
  ];
};

const LOOP = "start loop_begin task_chooser implementer reviewer done_gate loop_end report";

const implement: readonly Scenario[] = [
  {
    name: "all succeed",
    answers: { strategy: ["F"] },
    path: "start strategy plan implement review validate exit",
    ends: "completed",
  },
  {
    name: "validation fails once; the goal gate is met at its second visit",
    script: { validate: ["fail", "success"] },
    answers: { strategy: ["Sequential / linear"] },
    path: "start strategy plan implement review validate fix validate exit",
    ends: "completed",
  },
  {
    name: "validation never succeeds: three fixes are the limit",
    script: { validate: ["fail"] },
    answers: { strategy: ["L"] },
    path: `start strategy plan implement review validate${" fix validate".repeat(3)}`,
    ends: "max_visits",
  },
  {
    name: "validation says a word, which is not success and goes to fix",
    script: { validate: ["almost", "success"] },
    answers: { strategy: ["P"] },
    path: "start strategy plan implement review validate fix validate exit",
    ends: "completed",
  },
  {
    name: "the plan fails",
    script: { plan: ["fail"] },
    answers: { strategy: ["F"] },
    path: "start strategy plan",
    ends: "stage_failed",
  },
];

const drift = (found: boolean | string) => ({ status: "success", contextUpdates: { drift_found: found } });

const sync: readonly Scenario[] = [
  { name: "no drift", script: { detect: [drift(false)] }, path: "start detect exit", ends: "completed" },
  {
    name: "drift, as a text; revised once",
    script: { detect: [drift("true")] },
    answers: { review: ["R", "A"] },
    path: "start detect propose review propose review apply exit",
    ends: "completed",
  },
  { name: "nobody says whether there is drift", path: "start detect", ends: "no_route" },
  {
    name: "apply fails",
    script: { detect: [drift(true)], apply: ["fail"] },
    answers: { review: ["A"] },
    path: "start detect propose review apply",
    ends: "stage_failed",
  },
];

export const EXPECTED: Readonly<Record<string, readonly Scenario[]>> = {
  ...LADDERS,
  "forge/examples--03-parallel-triage-and-fanin.dot": triage,
  "kilroy/demo--substack-spec-v01.dot": newsletter,
  "kilroy/skills--create-dotfile--reference_template.dot": factory,
  "kilroy/cmd--kilroy--testdata--batch--clean.dot": oneStage,
  "kilroy/cmd--kilroy--testdata--batch--has_errors.dot": oneStage,
  "kilroy/cmd--kilroy--testdata--batch--no_status_contract.dot": oneStage,
  "kilroy/cmd--kilroy--testdata--batch--warnings_only.dot": oneStage,
  "kilroy/docs--strongdm--dot-specs--simple_example.dot": twoStages("start run_tests report exit", 0),
  "kilroy/demo--tool-only--graph.dot": twoStages("start step1 step2 done", 0),
  "kilroy/demo--tmux-agent-test--graph.dot": twoStages("start agent verify done", 0),
  "forge/examples--01-linear-foundation.dot": twoStages("start plan summarize exit", 1),
  "kilroy/demo--browser-smoke--browser-smoke.dot": [
    ...twoStages("start prep verify_browser exit", 1),
    {
      name: "the browser check fails once",
      script: { verify_browser: ["fail", "success"] },
      path: "start prep verify_browser exit",
      ends: "completed",
    },
  ],
  "kilroy/demo--tmux-agent-test--failure-routing.dot": labelled({
    ...{ stages: "agent check", diamond: "route", first: "fail_exit", other: "success_exit", otherLabel: "Success" },
  }),
  "kilroy/demo--tmux-agent-test--multi-node.dot": labelled({
    ...{ stages: "write_code run_code", diamond: "check_output", first: "done", other: "fail", otherLabel: "fail" },
  }),
  "kilroy/demo--rogue--rogue-fast.dot": rogue,
  "kilroy/docs--strongdm--dot-specs--consensus_task.dot": consensus,
  "kilroy/docs--strongdm--dot-specs--semport.dot": semport,
  "kilroy/workflows--build-test--graph.dot": buildTest,
  "kilroy/workflows--multi-tool-exercise--graph.dot": multiTool,
  "kilroy/workflows--coding-loop--graph.dot": [
    { name: "all succeed", path: `${LOOP} done`, ends: "completed" },
    {
      name: "the reviewer fails",
      script: { reviewer: ["fail"] },
      path: "start loop_begin task_chooser implementer reviewer",
      ends: "stage_failed",
    },
    {
      name: "the report is partial, and its only edge is for success",
      script: { report: ["partial_success"] },
      path: LOOP,
      ends: "no_route",
    },
    { name: "the report fails", script: { report: ["fail"] }, path: LOOP, ends: "stage_failed" },
  ],
  "forge/examples--02-hitl-review-gate.dot": [
    {
      name: "nobody answers: the default at the deadline",
      path: "start implement review_gate ship exit",
      ends: "completed",
    },
    {
      name: "changes are requested once",
      answers: { review_gate: ["Request Changes", "a"] },
      path: "start implement review_gate refine review_gate ship exit",
      ends: "completed",
    },
    {
      name: "refine fails",
      script: { refine: ["fail"] },
      answers: { review_gate: ["R"] },
      path: "start implement review_gate refine",
      ends: "stage_failed",
    },
  ],
  "brynary/pipelines--factory--architect.dot": reviewed({
    before: "",
    back: "blueprint diagram",
    gate: "approve",
    after: "exit",
  }),
  "brynary/pipelines--factory--expand.dot": reviewed({
    before: "",
    back: "propose",
    gate: "approve",
    after: "execute exit",
  }),
  "brynary/pipelines--factory--seed.dot": reviewed({ before: "ingest", back: "draft", gate: "review", after: "exit" }),
  "brynary/pipelines--factory--specify.dot": reviewed({
    before: "clarify",
    back: "require",
    gate: "approve",
    after: "exit",
  }),
  "brynary/pipelines--factory--implement.dot": implement,
  "brynary/pipelines--factory--sync.dot": sync,
};
