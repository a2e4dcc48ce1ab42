import { parentInId } from "../../actors/children/child-id.ts";
import type { ErrorCode } from "../../errors.ts";
import { ERROR_CODES } from "../../errors.ts";
import type { RunView } from "../../journal/run-view.ts";
import type { ControlResult } from "../../runtime/api.ts";
import type { Cli } from "../cli.ts";
import { commandLine } from "../command-line.ts";
import { EXIT } from "../exit-codes.ts";
import { printable } from "../text/printable.ts";

export function exitCodeOf(result: ControlResult): number {
  if (result.accepted === true) return EXIT.done;
  // Not taken yet: it stays in force, and asking again with the same id tells what it came to.
  if (result.accepted === null) return EXIT.tryAgain;
  return result.code === undefined ? EXIT.refused : ERROR_CODES[result.code].exit;
}

/** What a command came to, as one line: `pause accepted: running → pausing, 1 draining`. */
export function describeControl(result: ControlResult): string {
  const { verb, before, after } = result;
  if (result.accepted === null) return `${verb} stored as ${result.commandId}; whoever drives the run will take it`;
  if (result.accepted === false) {
    return printable(`${verb} refused: ${result.code ?? ""}${result.hint ? ` (${result.hint})` : ""}`);
  }
  const moved = before !== undefined && before !== after ? `${before} → ${after}` : (after ?? "");
  const words = [
    result.changed ? moved : `no change, ${after}`,
    ...(result.draining.length > 0 ? [`${result.draining.length} draining`] : []),
    ...(result.held.length > 0 ? [`${result.held.length} held`] : []),
    ...(result.needs === "resume" ? ["and nobody drives the run"] : []),
  ].filter((word) => word !== "");
  return `${verb} accepted${words.length > 0 ? `: ${words.join(", ")}` : ""}`;
}

/** Names listed below an answer; the rest is a count, and all are in --json. */
const NAMES_MAX = 20;

/** The answer for a person: the line, what drains, and what to do next where something is left to do. */
export function explainControl(cli: Cli, result: ControlResult): string {
  const draining = named(result.draining.map((execution) => `  draining ${execution}`));
  const next = nextCommand(cli, result);
  return [describeControl(result), ...draining, ...(next === undefined ? [] : [`  ${next}`])].join("\n");
}

/** What a run that was waited for has come to. */
export function explainSettled(cli: Cli, view: RunView): string {
  if (view.status !== "paused") return `run ${view.status}`;
  const held = view.control.held.map(
    (each) => `  held ${each.what}${each.stage === undefined ? "" : ` ${each.stage}`}`,
  );
  // A continue alone would leave a run that nobody drives queued.
  const next = view.owner ? ["continue", view.runId] : ["resume", view.runId, "--continue"];
  return [`run paused, ${held.length} held`, ...named(held), `  go on with ${ask(cli, next)}`].join("\n");
}

function named(lines: readonly string[]): readonly string[] {
  const shown = lines.slice(0, NAMES_MAX).map(printable);
  return lines.length > NAMES_MAX ? [...shown, `  … and ${lines.length - NAMES_MAX} more`] : shown;
}

function nextCommand(cli: Cli, { runId, commandId, verb, accepted, code, needs }: ControlResult): string | undefined {
  if (accepted === null) return `nothing is lost: ${ask(cli, ["show", runId])} says how the run stands`;
  if (needs === "resume") return `it goes on once somebody drives it: ${ask(cli, ["resume", runId])}`;
  if (accepted || code === undefined) return undefined;
  const instead = INSTEAD[code]?.(cli, { runId, commandId, verb });
  return instead === undefined ? undefined : `instead: ${instead}`;
}

type Refused = Pick<ControlResult, "runId" | "commandId" | "verb">;

/** What to do instead of a command that is refused with this code. */
const INSTEAD: Partial<Record<ErrorCode, (cli: Cli, refused: Refused) => string>> = {
  not_paused: (cli, { runId }) => `${ask(cli, ["show", runId])} says what it is doing`,
  run_cancelling: (cli, { runId }) =>
    `${ask(cli, ["wait", runId])} waits for its end, ${ask(cli, ["cancel", runId, "--force"])} ends its grace`,
  run_finished: (cli, { runId }) => `${ask(cli, ["show", runId])} says how it ended`,
  run_cancelled: (cli, { runId }) => `${ask(cli, ["fork", runId])} makes a new run that goes on from it`,
  run_cancelled_new_run_required: (cli, { runId }) =>
    `${ask(cli, ["fork", runId])} makes a new run that goes on from before the cancel`,
  parent_paused: (cli, { runId }) => `${ask(cli, ["continue", parentInId(runId) ?? runId])}`,
  use_run_cancel: (cli, { runId }) => ask(cli, ["cancel", runId]),
  branch_finished: (cli, { runId }) => `${ask(cli, ["branches", runId, "--status", "running"])} lists what goes on`,
  branch_not_found: (cli, { runId }) => `${ask(cli, ["branches", runId])} lists what there is`,
  join_decided: (cli, { runId }) => `${ask(cli, ["joins", runId])} says what was decided`,
  gate_answered: (cli, { runId }) => `${ask(cli, ["questions", runId])} lists what is still open`,
  gate_not_found: (cli, { runId }) => `${ask(cli, ["questions", runId])} lists what is open`,
};

function ask(cli: Cli, words: readonly string[]): string {
  return `\`${commandLine(cli, words)}\``;
}
