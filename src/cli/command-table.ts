import type { Command } from "commander";
import type { Cli } from "./cli.ts";

/**
 * A command's file: says its arguments and options and what it does. The action answers with the exit code.
 * `act` hands the action to the program, which gives it the Cli.
 */
export interface CommandModule {
  define(command: Command, act: Act): void;
}

/** Binds an action: it gets the Cli, then what Commander hands to actions (arguments, options). */
export type Act = <A extends readonly unknown[]>(
  action: (cli: Cli, ...args: A) => Promise<number>,
) => (...args: A) => Promise<void>;

export interface CommandEntry {
  readonly name: string;
  readonly alias?: string;
  readonly summary: string;
  /** The command's code, loaded when it is asked for and not before. */
  load(): Promise<CommandModule>;
}

/** Every command, in the order in which help lists them. docs/reference/cli.md is compared with this table. */
export const COMMANDS: readonly CommandEntry[] = [
  { name: "run", summary: "start a run and follow it", load: () => import("./commands/run.ts") },
  { name: "resume", summary: "take an unowned live run and drive it on", load: () => import("./commands/resume.ts") },
  { name: "pause", summary: "pause runs, whoever drives them", load: () => import("./commands/pause.ts") },
  { name: "continue", summary: "let paused runs go on", load: () => import("./commands/continue.ts") },
  { name: "cancel", summary: "cancel runs, whoever drives them", load: () => import("./commands/cancel.ts") },
  { name: "steer", summary: "tell a run's later stages something", load: () => import("./commands/steer.ts") },
  { name: "fork", summary: "make a new run from a point of another", load: () => import("./commands/fork.ts") },
  { name: "wait", summary: "wait until a run has ended or has a status", load: () => import("./commands/wait.ts") },
  { name: "questions", summary: "list open questions", load: () => import("./commands/questions.ts") },
  { name: "answer", summary: "answer a question", load: () => import("./commands/answer.ts") },
  { name: "runs", summary: "list runs, newest first", load: () => import("./commands/runs.ts") },
  { name: "show", summary: "show a run, now or as it was", load: () => import("./commands/show.ts") },
  { name: "branches", summary: "list a run's branches", load: () => import("./commands/branches.ts") },
  { name: "joins", summary: "list a run's joins and their decisions", load: () => import("./commands/joins.ts") },
  { name: "events", summary: "print a run's journal as JSON Lines", load: () => import("./commands/events.ts") },
  { name: "context", summary: "print a run's context", load: () => import("./commands/context.ts") },
  { name: "provenance", summary: "say who wrote a context key", load: () => import("./commands/provenance.ts") },
  { name: "checkpoint", summary: "print a run's checkpoint", load: () => import("./commands/checkpoint.ts") },
  { name: "artifacts", summary: "list a run's artifacts, or get one", load: () => import("./commands/artifacts.ts") },
  { name: "lineage", summary: "say where a run comes from and went", load: () => import("./commands/lineage.ts") },
  { name: "verify", summary: "check what is stored of runs", load: () => import("./commands/verify.ts") },
  { name: "export", summary: "write a run as a directory of files", load: () => import("./commands/export.ts") },
  { name: "parse", summary: "print a pipeline as JSON", load: () => import("./commands/parse.ts") },
  {
    name: "validate",
    alias: "lint",
    summary: "check pipelines and explain what is wrong",
    load: () => import("./commands/validate.ts"),
  },
  { name: "graph", summary: "draw a pipeline, with a run's state if asked", load: () => import("./commands/graph.ts") },
  { name: "inspect", summary: "print the statecharts that drive runs", load: () => import("./commands/inspect.ts") },
  { name: "serve", summary: "serve runs over HTTP, and drive them", load: () => import("./commands/serve.ts") },
  { name: "doctor", summary: "check this machine and the store", load: () => import("./commands/doctor.ts") },
  { name: "completion", summary: "print completions for a shell", load: () => import("./commands/completion.ts") },
];
