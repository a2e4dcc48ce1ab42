/**
 * Watches a run's turns as they are stored and holds them against what handlers really do: no execution starts after a
 * pause was acknowledged, `paused` is said only when nothing is in flight, `draining` names exactly what is, run-clock
 * timers stand still, nothing is started twice and a cancelled run leaves nothing behind. Source: 03 §2.
 */
import type { TurnWrite } from "../persistence/store.ts";
import { HeldWork } from "./held-work.ts";
import { OpenWork } from "./open-work.ts";

export interface ControlWatch {
  /** To be called with every turn, in the moment the store took it; see `observedStore`. */
  readonly onTurn: (turn: TurnWrite) => void;
  /** What was broken so far; one sentence a problem. */
  readonly problems: readonly string[];
  /** Status of the newest run, as its last turn left it. */
  readonly status: string;
  /** The run that is watched: of a chain of runs, the newest. */
  readonly runId: string;
  /** Executions that are stored as open. */
  readonly open: ReadonlySet<string>;
}

/** `inFlight` answers with the executions whose handlers go on in a living process. */
export function controlWatch(inFlight: () => readonly string[]): ControlWatch {
  const problems: string[] = [];
  let work = new OpenWork();
  let held = new HeldWork();
  let status = "";
  let runId = "";
  const say = (problem: string) => problems.push(`${runId}: ${problem}`);

  const look = (turn: TurnWrite): void => {
    const acknowledged = work.isStandingStill;
    for (const entry of turn.entries) for (const problem of work.take(entry)) say(problem);
    status = turn.run?.status ?? turn.create?.status ?? status;
    const going = inFlight();
    const unnamed = going.filter((execution) => !work.open.has(execution) && !work.abandoned.has(execution));
    if (unnamed.length > 0) say(`${unnamed.join(", ")} goes on and is neither open nor abandoned`);
    for (const stage of overlapping(going)) say(`two executions of ${stage} go on at once`);
    if (status === "paused" && going.length > 0) say(`paused while ${going.join(", ")} goes on`);
    if (status === "paused" && work.open.size > 0) say(`paused with ${[...work.open].join(", ")} open`);
    if (acknowledged && work.isStandingStill && turn.entries.some(({ type }) => type === "stage.started"))
      say("an execution was started after the pause was acknowledged");
    for (const problem of [...repliesOf(turn, work), ...held.take(turn, work.open)]) say(problem);
    if (status === "cancelled") for (const problem of work.remains()) say(problem);
  };

  return {
    onTurn(turn) {
      if (turn.create !== undefined || turn.runId === runId) {
        runId = turn.runId;
        look(turn);
      }
      for (const follower of turn.creates ?? []) {
        work = new OpenWork();
        held = new HeldWork();
        runId = follower.runId;
        look(follower);
      }
    },
    problems,
    get status() {
      return status;
    },
    get runId() {
      return runId;
    },
    get open() {
      return work.open;
    },
  };
}

/** Stages with more than one execution among these. */
function overlapping(executions: readonly string[]): readonly string[] {
  const stages = executions.map((execution) => execution.slice(0, execution.lastIndexOf("#")));
  return [...new Set(stages.filter((stage, index) => stages.indexOf(stage) !== index))];
}

/** What commands of the turn were told, against what is open after it. */
function repliesOf(turn: TurnWrite, work: OpenWork): string[] {
  const truth = [...work.open].sort().join(", ");
  return (turn.commands ?? []).flatMap(({ commandId, result }) => {
    const { draining, after } = result as { readonly draining?: readonly string[]; readonly after?: string };
    if (draining === undefined || (after !== "pausing" && after !== "cancelling")) return [];
    const said = [...draining].sort().join(", ");
    return said === truth ? [] : [`command ${commandId} was told that ${said || "nothing"} drains; it is ${truth}`];
  });
}
