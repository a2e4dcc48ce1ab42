/** Prints a random program as a pipeline. Every step is entered at the node of its name and leads to `next`. */
import type {
  Block,
  ForeachStep,
  LoopStep,
  OnFail,
  ParallelStep,
  Program,
  Step,
  Work,
  WorkStep,
} from "./random-program-tree.ts";
import { stepsOf } from "./random-program-tree.ts";
import { wayKey } from "./random-program-work.ts";

/** DOT text. Its work has the type `work`. */
export function programSource({ main }: Program): string {
  const lines = ["start [shape=Mdiamond]", "exit [shape=Msquare]", `start -> ${headOf(main)}`];
  return ["digraph program {", ...indent([...lines, ...printBlock(main, "exit")]), "}"].join("\n");
}

/** What is handed in when it starts. */
export function programInputs({ main }: Program): Record<string, readonly (number | string)[]> {
  const given: Record<string, readonly (number | string)[]> = {};
  for (const step of stepsOf(main)) {
    if (step.kind === "foreach" && step.itemsFrom === "input") given[`items_${step.name}`] = step.items;
  }
  return given;
}

function headOf(block: Block): string {
  return (block[0] as Step).name;
}

/** Without `next` the block ends a body. */
function printBlock(block: Block, next: string | undefined): string[] {
  return block.flatMap((step, index) => printStep(step, block[index + 1]?.name ?? next));
}

function printStep(step: Step, next: string | undefined): string[] {
  switch (step.kind) {
    case "work":
      return [node(step.name, workAttributes(step)), ...onward(step, next)];
    case "wait":
      return [node(step.name, { shape: "insulator", duration: `${step.ms}ms` }), ...edge(step.name, next)];
    case "foreach":
    case "loop":
      return printContainer(step, next);
    case "parallel":
      return printParallel(step, next);
    default:
      return printRouting(step, next);
  }
}

type RoutingStep = Extract<Step, { kind: "diamond" | "choice" | "cycle" | "leave" | "gate" }>;

function printRouting(step: RoutingStep, next: string | undefined): string[] {
  const { name } = step;
  switch (step.kind) {
    case "diamond":
      return [
        node(name, retryAttributes(step.work)),
        node(`${name}_d`, { shape: "diamond" }),
        ...edge(name, `${name}_d`),
        ...edge(`${name}_d`, headOf(step.repair), { condition: "outcome=fail" }),
        ...edge(`${name}_d`, next, { condition: "outcome!=fail" }),
        ...printBlock(step.repair, next),
      ];
    case "choice": {
      const condition = step.by === "outcome" ? "outcome=left" : `context.${wayKey(name)}=left`;
      return [
        node(name, { type: "work" }),
        ...edge(name, headOf(step.left), { condition }),
        ...edge(name, headOf(step.right)),
        ...printBlock(step.left, next),
        ...printBlock(step.right, next),
      ];
    }
    case "cycle":
      return [
        node(name, { type: "work" }),
        ...edge(name, headOf(step.body), { condition: "outcome=again" }),
        ...edge(name, next),
        ...printBlock(step.body, name),
      ];
    case "leave":
      return [node(name, { type: "work" }), ...edge(name, "exit", { condition: "outcome=left" }), ...edge(name, next)];
    case "gate": {
      const { deadlineMs } = step;
      const deadline = deadlineMs && { "human.timeout": `${deadlineMs}ms`, "human.default_choice": "S" };
      return [
        node(name, { shape: "hexagon", label: "go on?", ...(deadline || {}) }),
        ...edge(name, headOf(step.approve), { label: "[A] approve" }),
        ...edge(name, headOf(step.skip), { label: "[S] skip" }),
        ...printBlock(step.approve, next),
        ...printBlock(step.skip, next),
      ];
    }
  }
}

function printContainer(step: ForeachStep | LoopStep, next: string | undefined): string[] {
  const { name } = step;
  const body = `${name}_body`;
  const attributes = step.kind === "foreach" ? foreachAttributes(step) : loopAttributes(step);
  return [
    node(name, { type: step.kind, body, ...attributes }),
    ...onward(step, next),
    `subgraph ${body} {`,
    ...indent(printBlock(step.body, undefined)),
    "}",
  ];
}

function foreachAttributes(step: ForeachStep): Attributes {
  return {
    // Inputs have only those lists that are handed in.
    items: step.itemsFrom === "text" ? JSON.stringify(step.items) : `inputs.items_${step.name}`,
    max_parallel: step.maxParallel,
    on_item_failure: step.onItemFailure,
    ...(step.collect === undefined ? {} : { collect: step.collect }),
  };
}

function loopAttributes({ test, maxIterations, onLimit }: LoopStep): Attributes {
  const condition =
    test.how === "while"
      ? { while: `context.${test.key} != ${test.goal}` }
      : { until: `context.${test.key} >= ${test.goal}` };
  return { ...condition, max_iterations: maxIterations, on_limit: onLimit };
}

function printParallel(step: ParallelStep, next: string | undefined): string[] {
  const { name, fanIn, join, repair } = step;
  const meeting = fanIn ?? join?.name ?? next;
  return [
    node(name, parallelAttributes(step, meeting)),
    ...step.branches.flatMap((branch) => edge(name, headOf(branch))),
    ...(repair ? edge(name, repair.name, { condition: "outcome=fail" }) : []),
    ...[...new Set(step.branches)].flatMap((branch) => printBlock(branch, meeting)),
    ...(fanIn ? [node(fanIn, { shape: "tripleoctagon" }), ...edge(fanIn, join?.name)] : []),
    ...(join ? printStep(join, next) : []),
    ...(repair ? printStep(repair, next) : []),
  ];
}

function parallelAttributes(step: ParallelStep, meeting: string | undefined): Attributes {
  const { policy, k, ratio } = step;
  return {
    shape: "component",
    ...(step.isJoinNamed && meeting !== undefined ? { join: meeting } : {}),
    join_policy: policy,
    error_policy: step.errorPolicy,
    ...(policy === "k_of_n" ? { k } : policy === "quorum" ? { quorum_ratio: ratio } : {}),
    max_parallel: step.maxParallel,
    merge: step.merge,
    conflict: step.conflict,
    ...Object.fromEntries(Object.entries(step.conflictOf).map(([key, rule]) => [`conflict.${key}`, rule])),
  };
}

function workAttributes({ work, goal, retryTarget = goal }: WorkStep): Attributes {
  return {
    ...retryAttributes(work),
    ...(goal === undefined ? {} : { goal_gate: true }),
    ...(retryTarget === undefined ? {} : { retry_target: retryTarget }),
  };
}

function retryAttributes({ attempts, policy, allowPartial, timesOut, asks }: Work): Attributes {
  const own = { type: "work", ...(asks ? { on_interrupt: "ask" } : {}), ...(timesOut ? { timeout: TIMEOUT } : {}) };
  if (attempts === 1) return own;
  return {
    ...own,
    max_retries: attempts - 1,
    retry_policy: policy,
    ...(allowPartial ? { allow_partial: true } : {}),
  };
}

function onward(
  { name, onFail }: { readonly name: string; readonly onFail: OnFail },
  next: string | undefined,
): string[] {
  return [...edge(name, next), ...(onFail === "goes_on" ? edge(name, next, { condition: "outcome=fail" }) : [])];
}

/** Longer than any attempt takes that is not meant to be cut. */
const TIMEOUT = "2s";

type Attributes = Readonly<Record<string, string | number | boolean>>;

function node(name: string, attributes: Attributes): string {
  return `${name} ${list(attributes)}`;
}

function edge(from: string, to: string | undefined, attributes: Attributes = {}): string[] {
  if (to === undefined) return [];
  return [`${from} -> ${to}${Object.keys(attributes).length === 0 ? "" : ` ${list(attributes)}`}`];
}

function list(attributes: Attributes): string {
  return `[${Object.entries(attributes)
    .map(([key, value]) => `${key}=${typeof value === "string" ? JSON.stringify(value) : value}`)
    .join(", ")}]`;
}

function indent(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}
