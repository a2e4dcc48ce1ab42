/** Where the commands of an example's README are typed: shells at the root of the repository, with the store elsewhere. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../tidy/sources.ts";

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Terminal {
  /** In place of `.safepoint`. */
  readonly dir: string;
  /** A block of the README, with the sources instead of the package. */
  paste(commands: string): Promise<Ended>;
  /** Kills what still runs, and removes the directory. */
  close(): void;
}

/** `env` is told the directory. */
export function openTerminal(name: string, env: (dir: string) => Readonly<Record<string, string>>): Terminal {
  const dir = mkdtempSync(join(tmpdir(), `safepoint-${name}-`));
  const started: ReturnType<typeof spawn>[] = [];
  return {
    dir,
    paste(commands) {
      const own = commands
        .trim()
        .replaceAll("npx safepoint", `"${process.execPath}" src/cli/bin.ts`)
        .replaceAll(".safepoint/", `${dir}/`);
      // One command in place of its shell: what is killed is then the process itself.
      const text = own.includes("\n") ? own : `exec ${own}`;
      const child = spawn("bash", ["-c", `export PATH="${join(process.execPath, "..")}:$PATH"\n${text}`], {
        cwd: ROOT,
        env: { ...process.env, SAFEPOINT_STORE: join(dir, "store.db"), ...env(dir) },
        stdio: ["ignore", "pipe", "pipe"],
      });
      started.push(child);
      const texts = { stdout: "", stderr: "" };
      child.stdout.on("data", (piece) => (texts.stdout += piece));
      child.stderr.on("data", (piece) => (texts.stderr += piece));
      return new Promise((resolve) => child.on("close", (code, signal) => resolve({ code, signal, ...texts })));
    },
    close() {
      for (const child of started) if (child.exitCode === null) child.kill("SIGKILL");
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const late = Date.now() + 20_000;
  while (!(await condition())) {
    if (Date.now() > late) throw new Error(`not within 20 s: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
