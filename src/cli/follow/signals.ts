import { messageOf } from "../../errors.ts";
import type { ControlResult, Run } from "../../runtime/api.ts";
import type { Cli } from "../cli.ts";
import { EXIT } from "../exit-codes.ts";
import type { Display } from "./display.ts";

export interface SignalTargets {
  readonly display: Display;
  /** Stops following, with an exit code. */
  readonly leave: (code: number) => void;
  readonly run: () => Run;
  /** Called when a pause was asked for here. */
  readonly pausing: () => void;
}

/**
 * Ctrl-C in steps: the first pauses the run, the second cancels it, the third ends our processes and us at once.
 * TERM and HUP leave the run where it is, for another process to resume, and the second of them leaves at once.
 */
export function handleSignals(cli: Cli, targets: SignalTargets): { end(): void } {
  let presses = 0;
  let leaving = false;
  const atOnce = (code: number) => {
    // Process groups end with this process (actors/processes/live-groups.ts).
    targets.display.end();
    cli.io.exit(code);
  };
  const press = () => {
    presses += 1;
    if (presses === 1) void pause(targets);
    else if (presses === 2) void cancel(targets);
    else atOnce(EXIT.interrupted);
  };
  const leave = (code: number) => () => {
    if (leaving) atOnce(code);
    leaving = true;
    targets.display.note("stopping: what is in flight may finish; the same signal again leaves at once");
    targets.leave(code);
  };
  const giveBack = [
    cli.io.onSignal("SIGINT", press),
    cli.io.onSignal("SIGTERM", leave(EXIT.terminated)),
    cli.io.onSignal("SIGHUP", leave(EXIT.hungUp)),
  ];
  return {
    end() {
      for (const give of giveBack) give();
    },
  };
}

async function pause({ display, run, pausing }: SignalTargets): Promise<void> {
  display.note("pausing: what is in flight is let finish; Ctrl-C again cancels the run");
  pausing();
  await command(display, "pause", () => run().pause({ reason: "Ctrl-C" }));
}

async function cancel({ display, run }: SignalTargets): Promise<void> {
  display.note("cancelling: what is in flight is stopped; Ctrl-C again leaves at once");
  await command(display, "cancel", () => run().cancel({ reason: "Ctrl-C twice" }));
}

async function command(display: Display, verb: string, give: () => Promise<ControlResult>): Promise<void> {
  try {
    const result = await give();
    if (result.accepted === false)
      display.note(`${verb} refused: ${result.code}${result.hint ? ` (${result.hint})` : ""}`);
  } catch (thrown) {
    display.note(`${verb} failed: ${messageOf(thrown)}`);
  }
}
