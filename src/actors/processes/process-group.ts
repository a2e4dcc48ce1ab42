/**
 * Commands in process groups of their own. A command runs only after its group has been recorded, so that no command
 * can ever run that a later process would not know of. Source: 03 §3.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Writable } from "node:stream";
import { assert, messageOf, RetryableError, SafepointError } from "../../errors.ts";
import type { ExecutionAbort, ExecutionHost, HandlerLog } from "../handler.ts";
import { endGroup } from "./end-group.ts";
import { GroupOutput } from "./group-output.ts";
import { addLiveGroup, removeLiveGroup } from "./live-groups.ts";
import { groupMembers, readProcess } from "./process-table.ts";

export interface GroupCommand {
  /** Looked up in PATH of `env`. */
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The whole environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absent: the command reads an empty input. */
  readonly stdin?: string;
  /** Aborted: the group gets TERM, and KILL after the grace of the signal's reason. */
  readonly signal: AbortSignal;
  /** For an abort whose reason names no grace, and for what the leader leaves behind. Ms. */
  readonly graceMs: number;
  readonly host: Pick<ExecutionHost, "recordProcess" | "processEnded" | "output" | "flushOutput" | "clock">;
  readonly log: HandlerLog;
  /** Besides what `host.output` gets. */
  readonly onOutput: (stream: "stdout" | "stderr", bytes: Uint8Array) => void;
}

export interface GroupEnd {
  /** Null where a signal ended the leader. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Whether it was told to end before it had. */
  readonly aborted: boolean;
  /** Processes of the group that had outlived their leader and were ended. */
  readonly leftovers: number;
}

/**
 * What the group's leader runs first. It goes on only when told so; an end of the pipe means that whoever should say
 * so is gone. The command takes the leader's place (`exec`), so that pid and start time stay what was recorded.
 */
const GATE = 'read -r word <&3 && [ "$word" = run ] || exit 125; exec 3<&-; exec "$@"';
const SHELL = "/bin/sh";

/** What spawn answers when trying again later may help. */
const NO_ROOM: ReadonlySet<string> = new Set(["EAGAIN", "EMFILE", "ENFILE", "ENOMEM"]);

const HINTS: ReadonlyMap<string, string> = new Map([
  ["ENOENT", "does that directory exist?"],
  ["ENOTDIR", "is that a directory?"],
  ["E2BIG", "the command and its environment are too long; pass large values in a file"],
]);

/** A shell command as a group command's file and arguments. */
export function shellCommand(command: string): Pick<GroupCommand, "file" | "args"> {
  return { file: SHELL, args: ["-c", command] };
}

/**
 * Runs a command in its own process group and resolves when no process of the group is left. What the leader leaves
 * behind in the group ends with it: TERM, KILL after the grace. A process that moved itself to another session
 * (`setsid`) cannot be followed; it is up to the command not to do that.
 *
 * Throws what `recordProcess` throws (then the command has not run), the signal's reason when it was aborted before,
 * RetryableError when the system has no room for a process, `configuration` when the working directory is missing.
 */
export async function runGroup(command: GroupCommand): Promise<GroupEnd> {
  command.signal.throwIfAborted();
  const { host } = command;
  const child = await spawnGated(command);
  const pid = child.pid as number;
  addLiveGroup(pid);
  const exited = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
  const output = new GroupOutput(child, command);
  let recorded = false;
  let gone = false;
  try {
    await host.recordProcess({ pid, processStart: startOf(pid) });
    recorded = true;
    const abort = endOnAbort(pid, command);
    if (!command.signal.aborted) release(child, command.stdin);
    const [exitCode, signal] = await exited;
    const aborted = command.signal.aborted;
    await abort.settled();
    const leftovers = groupMembers(pid).length;
    if (leftovers > 0) await endGroup(pid, { clock: host.clock, graceMs: command.graceMs });
    // From here on the number may be somebody else's: nothing below signals it.
    gone = true;
    removeLiveGroup(pid);
    await output.drained();
    return { exitCode, signal, aborted, leftovers };
  } finally {
    if (!gone) await endGroup(pid, { clock: host.clock, graceMs: 0 });
    removeLiveGroup(pid);
    for (const stream of child.stdio) stream?.destroy();
    if (recorded) await noteEnd(pid, command);
  }
}

async function spawnGated(command: GroupCommand): Promise<ChildProcess> {
  const { cwd, env, file, args } = command;
  const stdin = command.stdin === undefined ? "ignore" : "pipe";
  try {
    const child = spawn(SHELL, ["-c", GATE, SHELL, file, ...args], {
      cwd,
      env,
      detached: true, // a session, and with it a process group, of its own
      stdio: [stdin, "pipe", "pipe", "pipe"],
    });
    if (child.pid === undefined) await once(child, "error").then(([error]) => Promise.reject(error));
    return child;
  } catch (error) {
    throw refusedStart(error as NodeJS.ErrnoException, cwd);
  }
}

function refusedStart(error: NodeJS.ErrnoException, cwd: string): Error {
  const { code = "" } = error;
  const message = `no process could be started in ${cwd}: ${messageOf(error)}`;
  if (NO_ROOM.has(code)) return new RetryableError(message, { cause: error });
  const hint = HINTS.get(code);
  const details = { cwd, code };
  return new SafepointError("configuration", hint === undefined ? message : `${message}; ${hint}`, {
    details,
    cause: error,
  });
}

/** The gate waits, so the process is there to be read. */
function startOf(pid: number): string {
  const start = readProcess(pid)?.start;
  assert(start !== undefined, "a process that was just started is in the process table", { pid });
  return start;
}

function release(child: ChildProcess, stdin: string | undefined): void {
  const gate = child.stdio[3] as Writable;
  // The leader may have been killed, or may not read its input: an EPIPE then says no more than its exit code does.
  for (const stream of [gate, child.stdin]) stream?.on("error", () => {});
  if (stdin !== undefined) child.stdin?.end(stdin);
  gate.end("run\n");
}

function endOnAbort(pid: number, command: GroupCommand): { settled(): Promise<unknown> } {
  const { signal, host } = command;
  let ending: Promise<unknown> = Promise.resolve();
  const end = () => {
    const reason = signal.reason as Partial<ExecutionAbort> | undefined;
    const graceMs = reason?.graceMs ?? command.graceMs;
    const hurry = reason?.hurry;
    ending = endGroup(pid, { clock: host.clock, graceMs, ...(hurry && { hurry }) });
  };
  if (signal.aborted) end();
  else signal.addEventListener("abort", end, { once: true });
  return {
    settled() {
      signal.removeEventListener("abort", end);
      return ending;
    },
  };
}

/** Housekeeping: a row that stays is found without a process by recovery, so failing to write it fails nothing else. */
async function noteEnd(pid: number, command: GroupCommand): Promise<void> {
  try {
    await command.host.processEnded(pid);
  } catch (error) {
    command.log.warn("the end of a process group could not be recorded", { pid, error: messageOf(error) });
  }
}
