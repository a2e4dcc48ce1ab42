/** What the tools of the release check wrote down themselves: the side effects that are counted. */
import { watch } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

export interface Noted {
  readonly what: "began" | "ended";
  readonly stage: string;
  readonly attempt: number;
  /** Of the tool's shell. */
  readonly pid: number;
}

const NAME = "steps.log";

/** Everything noted so far, in order; nothing where no tool has begun. */
export async function readStepsLog(directory: string): Promise<Noted[]> {
  const text = await readFile(join(directory, NAME), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [what, stage = "", attempt, pid] = line.split(" ");
      return { what: what === "ended" ? "ended" : "began", stage, attempt: Number(attempt), pid: Number(pid) };
    });
}

/** Resolves with the line that says that a tool of the stage has begun. */
export async function whenToolBegan(directory: string, stage: string, signal: AbortSignal): Promise<Noted> {
  const { promise, resolve, reject } = Promise.withResolvers<Noted>();
  const look = () =>
    void readStepsLog(directory).then((notes) => {
      const found = notes.find((note) => note.what === "began" && note.stage === stage);
      if (found) resolve(found);
    }, reject);
  const watcher = watch(directory, look);
  const give = () => reject(signal.reason);
  signal.addEventListener("abort", give, { once: true });
  try {
    // After the watcher is there, so that nothing falls in between.
    look();
    return await promise;
  } finally {
    watcher.close();
    signal.removeEventListener("abort", give);
  }
}
