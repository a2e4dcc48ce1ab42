/** An execution's output on its way to the store: in chunks, in order, outside turns. Source: 03 §3. */
import { OUTPUT_CHUNK_BYTES_MAX, OUTPUT_CHUNK_MS } from "../limits.ts";
import type { LeaseRef, Store } from "../persistence/store.ts";
import type { Clock, TimerHandle } from "./clock.ts";

type Stream = "stdout" | "stderr";

export class OutputWriter {
  readonly #store: Pick<Store, "writeSide">;
  readonly #clock: Clock;
  readonly #place: LeaseRef & { readonly execution: string };
  readonly #waiting: Record<Stream, Uint8Array[]> = { stdout: [], stderr: [] };
  readonly #index: Record<Stream, number> = { stdout: 0, stderr: 0 };
  #bytes = 0;
  #timer: TimerHandle | undefined;
  #written: Promise<void> = Promise.resolve();
  #failure: unknown;

  constructor(store: Pick<Store, "writeSide">, clock: Clock, place: LeaseRef & { readonly execution: string }) {
    this.#store = store;
    this.#clock = clock;
    this.#place = place;
  }

  write(stream: Stream, bytes: Uint8Array): void {
    if (bytes.byteLength === 0) return;
    this.#waiting[stream].push(bytes);
    this.#bytes += bytes.byteLength;
    if (this.#bytes >= OUTPUT_CHUNK_BYTES_MAX) this.#send();
    else this.#timer ??= this.#clock.setTimer(() => this.#send(), OUTPUT_CHUNK_MS);
  }

  /** Resolves when all so far is stored. Rejects with what the store said, `lease_lost` among it. */
  async flush(): Promise<void> {
    this.#send();
    await this.#written;
    if (this.#failure !== undefined) throw this.#failure;
  }

  #send(): void {
    if (this.#timer) this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
    this.#bytes = 0;
    for (const stream of ["stdout", "stderr"] as const) {
      const bytes = Buffer.concat(this.#waiting[stream].splice(0));
      for (let at = 0; at < bytes.byteLength; at += OUTPUT_CHUNK_BYTES_MAX) {
        this.#chunk(stream, bytes.subarray(at, at + OUTPUT_CHUNK_BYTES_MAX));
      }
    }
  }

  #chunk(stream: Stream, bytes: Uint8Array): void {
    const index = this.#index[stream]++;
    this.#written = this.#written
      .then(() => this.#store.writeSide({ kind: "output", ...this.#place, stream, index, bytes }))
      .catch((failure: unknown) => {
        this.#failure ??= failure;
      });
  }
}
