import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Io, Keyboard, OutputStream, StopSignal } from "../../src/cli/io.ts";
import { main } from "../../src/cli/main.ts";

export interface FakeStream extends OutputStream {
  readonly text: string;
  close(): void;
  resize(columns: number): void;
}

export function fakeStream(
  options: { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number } = {},
): FakeStream {
  const chunks: Buffer[] = [];
  const resizers = new Set<() => void>();
  let closed = false;
  let columns = options.columns;
  return {
    isTTY: options.isTTY ?? false,
    get columns() {
      return columns;
    },
    rows: options.rows,
    get closed() {
      return closed;
    },
    get text() {
      return Buffer.concat(chunks).toString("utf8");
    },
    async write(text) {
      if (!closed) chunks.push(Buffer.from(text));
    },
    onResize(listener) {
      resizers.add(listener);
      return () => resizers.delete(listener);
    },
    close() {
      closed = true;
    },
    resize(width) {
      columns = width;
      for (const listener of resizers) listener();
    },
  };
}

export interface FakeIo extends Io {
  readonly stdout: FakeStream;
  readonly stderr: FakeStream;
  /** What `exit` was called with. */
  readonly exits: number[];
  send(signal: StopSignal): void;
  /** How many commands listen to signals. */
  listeners(): number;
}

export interface FakeKeyboard extends Keyboard {
  /** Types, if anybody has taken the keys. */
  type(text: string): void;
  /** How many have taken the keys. */
  readonly takers: number;
}

/** A keyboard of a terminal that is ours, unless said. */
export function fakeKeyboard(isOurs = true): FakeKeyboard {
  const takers = new Set<(text: string) => void>();
  return {
    isOurs: () => isOurs,
    open(onText) {
      takers.add(onText);
      return () => takers.delete(onText);
    },
    type(text) {
      for (const take of takers) take(text);
    },
    get takers() {
      return takers.size;
    },
  };
}

export interface FakeOptions {
  readonly cwd: string;
  readonly env?: Record<string, string>;
  readonly stdin?: string;
  readonly stderr?: FakeStream;
  readonly keyboard?: Keyboard;
  readonly now?: () => number;
}

export function fakeIo(options: FakeOptions): FakeIo {
  const signals = new Map<StopSignal, Set<() => void>>();
  const exits: number[] = [];
  return {
    stdin: (async function* () {
      yield options.stdin ?? "";
    })(),
    keyboard: options.keyboard,
    stdout: fakeStream(),
    stderr: options.stderr ?? fakeStream(),
    env: options.env ?? {},
    cwd: options.cwd,
    exits,
    now: options.now ?? Date.now,
    onSignal(signal, listener) {
      const listeners = signals.get(signal) ?? new Set();
      signals.set(signal, listeners.add(listener));
      return () => listeners.delete(listener);
    },
    exit: (code) => exits.push(code),
    send(signal) {
      for (const listener of signals.get(signal) ?? []) listener();
    },
    listeners: () => [...signals.values()].reduce((sum, set) => sum + set.size, 0),
  };
}

export interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line; its words are separated by blanks. */
export async function run(line: string, options: FakeOptions): Promise<Result> {
  const io = fakeIo(options);
  const code = await main(
    line.split(" ").filter((word) => word !== ""),
    io,
  );
  return { code, stdout: io.stdout.text, stderr: io.stderr.text };
}

/** A directory that goes with the test, with these files in it. */
export function tempDir(files: Readonly<Record<string, string>> = {}): string {
  const dir = mkdtempSync(join(tmpdir(), "safepoint-cli-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  return dir;
}

export const HELLO = `digraph hello {
  graph [goal="say hello"]
  start [shape=Mdiamond]
  greet [prompt="Greet"]
  exit [shape=Msquare]
  start -> greet -> exit
}
`;
