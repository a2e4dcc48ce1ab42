/** Runs `safepoint` as a process of its own, as a user would in another terminal. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PROGRAM = fileURLToPath(new URL("../../dist/cli/bin.js", import.meta.url));

export interface CommandLine {
  readonly pid: number;
  kill(signal: NodeJS.Signals): void;
  /** Resolves when the process has ended and all it printed was handed on. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}

export interface CommandLineOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly onLine: (line: string) => void;
}

/** Starts `safepoint <args>` from the root of the repository. Rejects where the process cannot be started. */
export async function startSafepoint(args: readonly string[], options: CommandLineOptions): Promise<CommandLine> {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    cwd: ROOT,
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines = [child.stdout, child.stderr].map(async (stream) => {
    for await (const line of createInterface({ input: stream })) options.onLine(line);
  });
  const exited = once(child, "exit");
  await once(child, "spawn");
  return {
    pid: child.pid as number,
    kill: (signal) => void child.kill(signal),
    ended: Promise.all([exited, ...lines]).then(([[code, signal]]) => ({ code, signal })),
  };
}

/** Whether a process of that id is at work. One that has ended and waits for somebody to take note of it is not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  return !isZombie(pid);
}

/** As Linux tells; where there is no /proc, nobody knows better than the signal. */
function isZombie(pid: number): boolean {
  try {
    return /^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
