/** Random programs over a pipeline with something of everything: what people, handlers, clocks and crashes may do. */
import fc from "fast-check";
import type { Graph } from "../../src/graph/index.ts";
import type { NewEntry } from "../../src/journal/entry.ts";
import type { ExecutionEnd } from "../../src/machines/protocol.ts";
import { handMade } from "../graph/hand-made.ts";
import type { World } from "./world.ts";

/** Retries, a time-out, a goal gate, a conditional, a wait, a gate, a cycle, a restart, jumps, a dead end, limits. */
export function twistingGraph(): Graph {
  return handMade({
    attributes: { retry_target: "look", max_visits: 4 },
    nodes: {
      build: { type: "tool", max_retries: 1, timeout: "1s", on_interrupt: "retry" },
      look: { type: "conditional" },
      pause: { type: "wait" },
      ask: { type: "wait.human" },
      ship: { goal_gate: true, retry_target: "build", on_interrupt: "ask" },
      check: { on_interrupt: "fail", retry_policy: "linear", allow_partial: true },
      dead: {},
    },
    edges: [
      ["start", "build"],
      ["build", "ship", { condition: "outcome=success" }],
      ["build", "dead", { condition: "outcome=odd" }],
      ["build", "look"],
      ["look", "pause", { condition: "outcome=fail" }],
      ["look", "ship"],
      ["pause", "ask"],
      ["ask", "build", { label: "[R] retry" }],
      ["ask", "ship", { label: "[O] on" }],
      ["ship", "build", { condition: "context.again=true", loop_restart: true }],
      ["ship", "check"],
      ["check", "exit"],
    ],
  });
}

const ends: readonly ExecutionEnd[] = [
  { outcome: { status: "success" } },
  { outcome: { status: "success", notes: "fine", preferredLabel: "on" } },
  { outcome: { status: "partial_success" } },
  { outcome: { status: "odd" } },
  { outcome: { status: "skipped" } },
  { outcome: { status: "fail", failureReason: "red" } },
  { outcome: { status: "retry" } },
  { outcome: { status: "fail" }, thrown: { terminal: false, transient: true } },
  { outcome: { status: "fail" }, thrown: { terminal: true, transient: false } },
];
const answers = [
  ["retry", { status: "success", preferredLabel: "[R] retry" }],
  ["O", { status: "success", preferredLabel: "[O] on", suggestedNextIds: ["ship"] }],
  ["done", { status: "success" }],
  ["fail", { status: "fail", failureReason: "said so" }],
  ["", { status: "retry", failureReason: "nobody answered" }],
] as const;
const sources = ["own", "own", "inherited"] as const;

const kinds = {
  end: 12,
  again: 2,
  timer: 5,
  answer: 5,
  late: 2,
  slot: 2,
  pause: 4,
  interrupt: 2,
  continue: 5,
  cancel: 0.15,
  crash: 2,
  shutdown: 1,
  escalate: 1,
} as const;

export interface ProgramCommand {
  readonly kind: keyof typeof kinds;
  /** Which of several: an outcome, an answer, a source. */
  readonly pick: number;
  readonly flag: boolean;
  readonly reason: string | undefined;
  readonly afterMs: number;
}

export const commands: fc.Arbitrary<ProgramCommand> = fc.record({
  kind: fc.oneof(
    ...Object.entries(kinds).map(([kind, weight]) => ({
      weight: Math.round(weight * 20),
      arbitrary: fc.constant(kind as keyof typeof kinds),
    })),
  ),
  pick: fc.nat({ max: 44 }),
  flag: fc.boolean(),
  reason: fc.option(fc.constantFrom("lunch", "deploy"), { nil: undefined }),
  afterMs: fc.nat({ max: 900 }),
});

/** Plays a command as one turn, or not at all where there is nothing for it. Answers with the turn's entries. */
export function applyCommand(world: World, command: ProgramCommand): readonly NewEntry[] {
  const { kind, pick, flag } = command;
  switch (kind) {
    case "end":
    case "again":
      return endExecution(world, ends[pick % ends.length] as ExecutionEnd, kind === "again");
    case "timer":
      return world.turn(() => {
        const [timer, actor] = [...world.timers][0] ?? [];
        if (timer === undefined || actor === undefined) return;
        world.timers.delete(timer);
        world.send(actor, { type: "TIMER_FIRED", timer });
      });
    case "answer":
      return answerGate(world, pick);
    case "late":
      return world.turn(() => {
        for (const [execution, stage] of world.open) world.send(`stage:${stage}`, { type: "TIME_OUT", execution });
      });
    case "slot":
      return world.turn(() => world.send("run", { type: "SLOT" }));
    case "escalate":
      return world.turn(() => world.send("run", { type: "ESCALATE", draining: [...world.open.keys()] }));
    case "crash":
    case "shutdown":
      return world.turn(() => (kind === "crash" ? crash(world, flag) : shutDown(world)));
    default:
      return commandRun(world, command);
  }
}

function commandRun(world: World, { kind, pick, flag, reason }: ProgramCommand): readonly NewEntry[] {
  const source = sources[pick % sources.length] ?? "own";
  const why = reason === undefined ? {} : { reason };
  if (kind === "cancel") return world.command("cancel", { type: "CANCEL", graceMs: 5_000, force: flag, ...why });
  if (kind === "continue") return world.command("continue", { type: "CONTINUE", source, slot: flag, ...why });
  const mode = kind === "interrupt" ? "interrupt" : "drain";
  const deadline = flag ? { deadlineMs: world.nowMs + 60_000 } : {};
  return world.command("pause", { type: "PAUSE", mode, source, draining: [...world.open.keys()], ...deadline, ...why });
}

function endExecution(world: World, end: ExecutionEnd, again: boolean): readonly NewEntry[] {
  return world.turn(() => {
    const [execution, stage] = [...world.open][0] ?? [];
    if (execution === undefined || stage === undefined) return;
    const { suggestedNextIds: _, ...rest } = end.outcome;
    const outcome = { ...rest, contextUpdates: { again } };
    world.send(`stage:${stage}`, { type: "EXECUTION_ENDED", execution, end, outcome });
  });
}

function answerGate(world: World, pick: number): readonly NewEntry[] {
  return world.turn(() => {
    const [gate, { stage, purpose } = { stage: "", purpose: "" }] = [...world.gates][0] ?? [];
    if (gate === undefined) return;
    const [choice, outcome] = answers[pick % answers.length] ?? answers[0];
    const timedOut = choice === "" && purpose === "gate" ? { timedOut: true } : {};
    world.send(`stage:${stage}`, { type: "ANSWER", gate, choice, outcome, answer: choice, by: "ada", ...timedOut });
  });
}

/** The process is gone; another takes the run up. */
function crash(world: World, isForeign: boolean): void {
  const resumeEpoch = world.fold.resumeEpoch + 1;
  world.record({ type: "run.resumed", data: { resumeEpoch, host: "h", pid: 1 } });
  const cause = isForeign ? "foreign_host" : "crash";
  for (const [execution, stage] of [...world.open]) {
    world.send(`stage:${stage}`, { type: "EXECUTION_LOST", execution, cause });
  }
  for (const address of [...world.actors.keys()]) {
    if (address.startsWith("stage:")) world.send(address, { type: "PROCEED" });
  }
}

/** The process is asked to stop, and its executions stop in time. */
function shutDown(world: World): void {
  for (const [execution, stage] of [...world.open]) {
    const outcome = { status: "fail" };
    world.send(`stage:${stage}`, { type: "INTERRUPT", reason: "shutdown" });
    world.send(`stage:${stage}`, { type: "EXECUTION_ENDED", execution, end: { outcome }, outcome });
  }
}
