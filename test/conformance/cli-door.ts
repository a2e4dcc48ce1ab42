/** The command line: each ask is one, with `--json`. `run` and `resume` go on beside those that come after. */
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { EXIT } from "../../src/cli/exit-codes.ts";
import { main } from "../../src/cli/main.ts";
import { ERROR_CODES, type ErrorCode } from "../../src/errors.ts";
import { isFinalStatus } from "../../src/journal/status.ts";
import { sqliteStore } from "../../src/persistence/sqlite/index.ts";
import type { RunRow, Store } from "../../src/persistence/store.ts";
import { fakeIo } from "../cli/fake-io.ts";
import { byRunId, type Doc, type Door, type Place, type RunDoc, type Said } from "./door.ts";

const BIN = fileURLToPath(new URL("../../src/cli/bin.ts", import.meta.url));
const HANDLERS = fileURLToPath(new URL("./hands.ts", import.meta.url));

interface Printed {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command line under way. */
interface Launched {
  readonly printed: Promise<Printed>;
  /** As SIGTERM does. */
  stop(): void;
}

type Launch = (words: readonly string[], place: Place) => Launched;

export function cliDoor(place: Place): Promise<Door> {
  return openDoor("cli", place, launchHere);
}

/** The same as processes of their own. */
export function binaryDoor(place: Place): Promise<Door> {
  return openDoor("binary", place, launchProcess);
}

async function openDoor(name: string, place: Place, launch: Launch): Promise<Door> {
  const line = new Line(place, launch);
  return { name, ...driving(line), ...commands(line), ...looks(line), close: () => line.close() };
}

function launchHere(words: readonly string[], { dir, path }: Place): Launched {
  const io = fakeIo({ cwd: dir, env: { SAFEPOINT_STORE: path } });
  const printed = main(words, io).then((exit) => ({ exit, stdout: io.stdout.text, stderr: io.stderr.text }));
  return { printed, stop: () => io.send("SIGTERM") };
}

function launchProcess(words: readonly string[], { dir, path }: Place): Launched {
  const { promise, resolve } = Promise.withResolvers<Printed>();
  const options = { cwd: dir, env: { ...process.env, SAFEPOINT_STORE: path }, encoding: "utf8" as const };
  const child = execFile(process.execPath, [BIN, ...words], options, (_failure, stdout, stderr) => {
    resolve({ exit: child.exitCode ?? -1, stdout, stderr });
  });
  return { printed: promise, stop: () => child.kill("SIGTERM") };
}

class Line {
  readonly #place: Place;
  readonly #launch: Launch;
  readonly eyes: Store;
  readonly driving = new Map<string, Launched>();

  constructor(place: Place, launch: Launch) {
    this.#place = place;
    this.#launch = launch;
    this.eyes = sqliteStore({ path: place.path, create: true });
  }

  print(words: readonly string[]): Promise<Printed> {
    return this.launch(words).printed;
  }

  launch(words: readonly string[]): Launched {
    return this.#launch(["--json", ...words], this.#place);
  }

  async ask(words: readonly string[], read: (stdout: string) => Doc = JSON.parse): Promise<Said> {
    return saidOf(await this.print(words), read);
  }

  /** Goes on until its run ends. Answers once the run is driven by it, or it was refused. */
  async drive(runId: string, words: readonly string[]): Promise<Said> {
    const before = (await this.#row(runId))?.token ?? 0;
    const launched = this.launch([...words, "--handlers", HANDLERS]);
    // The refusal of one that has ended takes its lease, too, to be noted.
    const isTaken = (row: RunRow) => row.token > before && (before === 0 || !isFinalStatus(row.status));
    const isDriven = this.#until(runId, (row) => row !== undefined && isTaken(row));
    const first = await Promise.race([launched.printed, isDriven.then(() => undefined)]);
    if (first?.stdout === "") return saidOf(first);
    this.driving.set(runId, launched);
    return { code: "ok", value: { runId } };
  }

  file(name: string, text: string): string {
    writeFileSync(join(this.#place.dir, name), text);
    return name;
  }

  async close(): Promise<void> {
    for (const { stop } of this.driving.values()) stop();
    for (const { printed } of this.driving.values()) await printed;
    await this.eyes.close();
  }

  async #row(runId: string): Promise<RunRow | undefined> {
    return (await this.eyes.read("run", { runId }))[0];
  }

  async #until(runId: string, isSo: (row: RunRow | undefined) => boolean): Promise<void> {
    for (;;) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const unwatch = this.eyes.watch(resolve);
      try {
        if (isSo(await this.#row(runId))) return;
        await promise;
      } finally {
        unwatch();
      }
    }
  }
}

const EXIT_OF_STATUS: Readonly<Record<string, number>> = { completed: 0, failed: 1, cancelled: 3 };

function driving(line: Line) {
  return {
    async start(source, { runId, inputs, labels }) {
      const file = line.file("played.dot", source);
      const given = Object.entries(inputs ?? {}).flatMap(([key, value]) => [
        "--input",
        `${key}=${JSON.stringify(value)}`,
      ]);
      const words = ["run", file, "--run-id", runId, ...given, ...labelWords(labels)];
      return withoutFile(await line.drive(runId, words), file);
    },
    resume: (runId) => line.drive(runId, ["resume", runId]),
    async finished(runId) {
      const { exit, stdout, stderr } = (await line.driving.get(runId)?.printed) ?? { exit: -1, stdout: "", stderr: "" };
      expect(stdout, stderr).not.toBe("");
      const { status } = JSON.parse(stdout) as { status: string };
      expect(exit).toBe(EXIT_OF_STATUS[status]);
      return { code: "ok", value: { status } };
    },
    settled: (runId, status) => line.ask(["wait", runId, "--for", status]),
    fork: (runId, { at, runId: id, context, labels }) =>
      line.ask(["fork", runId, ...option("at", at), "--run-id", id, ...contextWords(context), ...labelWords(labels)]),
    async validate(source) {
      const file = line.file("validated.dot", source);
      const { exit, stdout } = await line.print(["validate", file, "--handlers", HANDLERS]);
      const [{ file: named, ...value }] = JSON.parse(stdout) as [Doc];
      expect(named).toBe(file);
      expect(exit).toBe(value["ok"] ? 0 : ERROR_CODES.pipeline_invalid.exit);
      return { code: "ok", value };
    },
  } satisfies Partial<Door>;
}

function commands(line: Line) {
  return {
    pause: (runId, { mode, deadlineMs, ...order } = {}) =>
      line.ask(["pause", runId, ...option("mode", mode), ...option("deadline", ms(deadlineMs)), ...orderWords(order)]),
    continue: (runId, { message, context, ...order } = {}) =>
      line.ask(["continue", runId, ...option("message", message), ...contextWords(context), ...orderWords(order)]),
    cancel: (runId, { branch, graceMs, force, ...order } = {}) => {
      const which = [...option("branch", branch), ...option("grace", ms(graceMs)), ...(force ? ["--force"] : [])];
      return line.ask(["cancel", runId, ...which, ...orderWords(order)]);
    },
    steer: (runId, message, order) => line.ask(["steer", runId, ...orderWords(order), "--", message]),
    answer: (runId, { gate, answer, ...order }) => {
      const text = typeof answer === "string" ? answer : JSON.stringify(answer);
      return line.ask(["answer", runId, gate, ...orderWords(order), "--", text]);
    },
    async control(verb, { all, labels, status = [] }, { dryRun = false } = {}) {
      const which = [...(all ? ["--all"] : []), ...labelWords(labels), ...status.flatMap((word) => ["--status", word])];
      return line.ask([verb, ...which, ...(dryRun ? ["--dry-run"] : [])], (stdout) => {
        const lines = byRunId(jsonLines(stdout));
        return { results: dryRun ? lines.map(({ runId, status: is }) => ({ runId, status: is })) : lines };
      });
    },
  } satisfies Partial<Door>;
}

function looks(line: Line) {
  return {
    view: (runId, { at } = {}) => line.ask(["show", runId, ...option("at", at)]),
    events: (runId, { after, branch, stage, types = [] } = {}) => {
      const which = [...option("after", after), ...option("branch", branch), ...option("stage", stage)];
      const words = ["events", runId, ...which, ...types.flatMap((type) => ["--type", type])];
      return line.ask(words, (stdout) => ({ runId, events: jsonLines(stdout) }));
    },
    follow: (runId, after) =>
      line.ask(["events", runId, "--follow", ...option("after", after)], (stdout) => ({ events: jsonLines(stdout) })),
    questions: (runId) => line.ask(["questions", ...(runId === undefined ? [] : [runId])]),
    list: ({ status = [], labels, ...page } = {}) =>
      line.ask(["runs", ...status.flatMap((word) => ["--status", word]), ...labelWords(labels), ...pageWords(page)]),
    branches: (runId, { at, status = [], branch, ...page } = {}) => {
      const which = [...option("at", at), ...option("branch", branch), ...status.flatMap((word) => ["--status", word])];
      return line.ask(["branches", runId, ...which, ...pageWords(page)]);
    },
    joins: (runId, { at, ...page } = {}) => line.ask(["joins", runId, ...option("at", at), ...pageWords(page)]),
    context: (runId, { at, branch } = {}) =>
      line.ask(["context", runId, ...option("at", at), ...option("branch", branch)]),
    provenance: (runId, key, { at, branch } = {}) =>
      line.ask(["provenance", runId, key, ...option("at", at), ...option("branch", branch)]),
    artifacts: (runId) => line.ask(["artifacts", runId]),
    artifact: (runId, id) => line.ask(["artifacts", runId, "--get", id], (text) => ({ text })),
    checkpoint: (runId) => line.ask(["checkpoint", runId]),
    lineage: (runId) => line.ask(["lineage", runId]),
    actors: (runId, { at } = {}) =>
      line.ask(["inspect", runId, ...option("at", at)], (stdout) => ({ runId, actors: actorsByName(stdout) })),
    graph: (runId, format) => line.ask(["graph", "--run", runId, "--format", format], (text) => ({ text })),
  } satisfies Partial<Door>;
}

/** What is wrong with a pipeline is said with the file that it came from, where there is one. */
function withoutFile({ code, value }: Said, name: string): Said {
  const { file, ...rest } = value;
  return { code, value: file === name ? rest : value };
}

interface OrderOptions {
  readonly reason?: string;
  readonly commandId?: string;
  readonly timeoutMs?: number;
}

function orderWords({ reason, commandId, timeoutMs }: OrderOptions = {}): string[] {
  return [...option("reason", reason), ...option("command-id", commandId), ...option("timeout", ms(timeoutMs))];
}

function pageWords({ limit, cursor }: { readonly limit?: number; readonly cursor?: string }): string[] {
  return [...option("limit", limit), ...option("cursor", cursor)];
}

function labelWords(labels: Readonly<Record<string, string>> = {}): string[] {
  return Object.entries(labels).flatMap(([key, value]) => ["--label", `${key}=${value}`]);
}

function contextWords(context: Readonly<Record<string, unknown>> = {}): string[] {
  return Object.entries(context).flatMap(([key, value]) => ["--context", `${key}=${JSON.stringify(value)}`]);
}

function option(name: string, value: string | number | undefined): string[] {
  return value === undefined ? [] : [`--${name}=${value}`];
}

function ms(value: number | undefined): string | undefined {
  return value === undefined ? undefined : `${value}ms`;
}

/** Group by group, and with how many there are of each kind: more than the others tell. */
function actorsByName(stdout: string): unknown {
  const { actors } = JSON.parse(stdout) as { readonly actors: readonly { readonly actor: string }[] };
  return actors.toSorted((a, b) => (a.actor < b.actor ? -1 : 1));
}

function jsonLines(text: string): RunDoc[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as RunDoc);
}

/** The exit code of every answer is that of its code in the table of errors. */
function saidOf({ exit, stdout, stderr }: Printed, read: (stdout: string) => Doc = JSON.parse): Said {
  if (exit === 0) return { code: "ok", value: read(stdout) };
  if (stdout !== "") {
    const result = JSON.parse(stdout) as Doc;
    if (result["accepted"] === null) {
      expect(exit).toBe(EXIT.tryAgain);
      return { code: "ok", value: result };
    }
    const code = result["code"] as ErrorCode;
    expect(exit).toBe(ERROR_CODES[code].exit);
    return { code, value: result };
  }
  const line = stderr.split("\n").findLast((each) => each.startsWith('{"error"'));
  const { error } = JSON.parse(line ?? "{}") as { error: { code: ErrorCode; message: string; details: Doc } };
  expect({ exit, message: typeof error.message }).toEqual({ exit: ERROR_CODES[error.code].exit, message: "string" });
  return { code: error.code, value: error.details };
}
