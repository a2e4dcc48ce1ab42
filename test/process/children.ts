import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";

const DRIVER = new URL("driver.ts", import.meta.url).pathname;

export interface Child {
  readonly process: ChildProcess;
  readonly lines: readonly string[];
  /** Resolves with the first line that matches, said already or yet to come; rejects when the child ends without. */
  said(pattern: RegExp): Promise<string>;
  /** Resolves with the exit code, or the signal. */
  readonly ended: Promise<number | string>;
}

/** A driver process; killed after the test if it still lives. */
export function startDriver(args: readonly string[], env: Readonly<Record<string, string>> = {}): Child {
  return follow(
    spawn(process.execPath, [DRIVER, ...args], {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "inherit"],
    }),
  );
}

function follow(child: ChildProcess): Child {
  const lines: string[] = [];
  const listeners = new Set<() => void>();
  let isOver = false;
  const tell = () => {
    for (const listener of [...listeners]) listener();
  };
  createInterface({ input: child.stdout as NonNullable<typeof child.stdout> }).on("line", (line) => {
    lines.push(line);
    tell();
  });
  const ended = once(child, "close").then(([code, signal]) => {
    isOver = true;
    tell();
    return (code ?? signal) as number | string;
  });
  onTestFinished(async () => {
    // A stopped process is killed, too.
    child.kill("SIGKILL");
    await ended;
  });
  const said = (pattern: RegExp) =>
    new Promise<string>((resolve, reject) => {
      const look = () => {
        const found = lines.find((line) => pattern.test(line));
        if (found === undefined && !isOver) return;
        listeners.delete(look);
        if (found === undefined) reject(new Error(`ended without ${pattern}; it said ${lines.join(" | ")}`));
        else resolve(found);
      };
      listeners.add(look);
      look();
    });
  return { process: child, lines, said, ended };
}

/** Resolves when `isSo` answers yes; for what tells nobody. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 20));
}

export function textOf(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return false;
  }
}
