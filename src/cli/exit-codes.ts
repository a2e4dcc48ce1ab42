import type { RunStatus } from "../persistence/store.ts";

/** What the command line exits with. Codes of errors come from the table in `errors.ts`. Source: 05 §1. */
export const EXIT = {
  done: 0,
  runFailed: 1,
  usage: 2,
  runCancelled: 3,
  /** Paused, or waiting for a person where `--no-wait-gates` was given. */
  runPaused: 4,
  refused: 5,
  invalid: 65,
  internal: 70,
  tryAgain: 75,
  configuration: 78,
  hungUp: 129,
  interrupted: 130,
  terminated: 143,
} as const;

/** The exit code that a run's status stands for, where a command followed that run. Live runs are somebody else's business: 0. */
export function exitCodeOfStatus(status: RunStatus): number {
  switch (status) {
    case "failed":
      return EXIT.runFailed;
    case "cancelled":
      return EXIT.runCancelled;
    case "paused":
      return EXIT.runPaused;
    default:
      return EXIT.done;
  }
}
