import type { ChildProcess } from "node:child_process";
import type { Readable } from "node:stream";
import { messageOf } from "../../errors.ts";
import type { Clock } from "../clock.ts";
import type { GroupCommand } from "./process-group.ts";

/** Output that may wait to be stored before the command is made to wait. Bytes. */
const AHEAD_BYTES_MAX = 1024 * 1024;
/** How long the output of a group that is gone may stay silent and open: somebody who left the group holds it. Ms. */
const SILENCE_MS_MAX = 200;
/** How many silences' time such a holder may go on writing. */
const SILENCES_MAX = 3;

/** Passes on what a group writes, and no faster than it can be stored. */
export class GroupOutput {
  readonly #command: GroupCommand;
  readonly #streams: readonly Readable[];
  readonly #closed: Promise<unknown>;
  #receivedBytes = 0;
  #waitingBytes = 0;
  #flushing: Promise<void> | undefined;

  constructor(child: ChildProcess, command: GroupCommand) {
    this.#command = command;
    this.#streams = [child.stdout, child.stderr].filter((stream) => stream !== null);
    this.#closed = Promise.all(
      this.#streams.map((stream) => new Promise<void>((resolve) => void stream.once("close", resolve))),
    );
    child.stdout?.on("data", (bytes: Buffer) => this.#receive("stdout", bytes));
    child.stderr?.on("data", (bytes: Buffer) => this.#receive("stderr", bytes));
    for (const stream of this.#streams) stream.on("error", (error) => this.#warn(error));
  }

  /** Resolves when all output has come and is stored, or those who hold it open have left the group. */
  async drained(): Promise<void> {
    for (let silences = 0; silences < SILENCES_MAX; silences += 1) {
      const before = this.#receivedBytes;
      if (await settlesWithin(this.#command.host.clock, SILENCE_MS_MAX, this.#closed)) break;
      if (this.#flushing) await this.#flushing;
      else if (this.#receivedBytes === before) break;
    }
    await this.#flush();
  }

  #receive(stream: "stdout" | "stderr", bytes: Buffer): void {
    this.#receivedBytes += bytes.length;
    this.#waitingBytes += bytes.length;
    this.#command.host.output(stream, bytes);
    this.#command.onOutput(stream, bytes);
    if (this.#waitingBytes < AHEAD_BYTES_MAX || this.#flushing) return;
    for (const readable of this.#streams) readable.pause();
    this.#flushing = this.#flush().finally(() => {
      this.#flushing = undefined;
      for (const readable of this.#streams) readable.resume();
    });
  }

  async #flush(): Promise<void> {
    this.#waitingBytes = 0;
    try {
      await this.#command.host.flushOutput();
    } catch (error) {
      this.#warn(error); // the execution's own end fails by the same cause, where it can be decided upon
    }
  }

  #warn(error: unknown): void {
    this.#command.log.warn("output could not be read or stored", { error: messageOf(error) });
  }
}

/** Whether a promise settles within a time. Leaves no timer behind. */
async function settlesWithin(clock: Clock, ms: number, promise: Promise<unknown>): Promise<boolean> {
  const { promise: over, resolve } = Promise.withResolvers<boolean>();
  const timer = clock.setTimer(() => resolve(false), ms);
  const settled = await Promise.race([promise.then(() => true), over]);
  clock.clearTimer(timer);
  return settled;
}
