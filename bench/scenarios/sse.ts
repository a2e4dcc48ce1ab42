/**
 * How long after its commit an entry is with those who follow it over HTTP. The journal is written here, beside the server,
 * at a steady rate; the clients are another process on the same machine. Times are whole ms, from before the commit.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createRuntime } from "../../src/index.ts";
import { sqliteStore } from "../../src/persistence/sqlite/index.ts";
import type { Store } from "../../src/persistence/store.ts";
import { type Serving, serve } from "../../src/server/index.ts";
import { creation, turn } from "../../src/testing/store-fixtures.ts";
import { type Measurement, summariseLatency } from "../measurement.ts";
import type { Part, Scenario } from "../scenario.ts";

const CLIENTS = fileURLToPath(new URL("../sse-clients.ts", import.meta.url));
const P99_MS_MAX = 50;
const ENTRIES_PER_SECOND = 1_000;
const RUN = "followed";
const TICK_MS = 5;
const SAMPLES_MAX = 20_000;

/** Writes entries of one run, as many as are due, until it is told to stop; answers with how many. */
async function writeSteadily(store: Store, from: number, forMs: number): Promise<number> {
  const startedMs = performance.now();
  let written = 0;
  for (let passedMs = 0; passedMs < forMs; passedMs = performance.now() - startedMs) {
    const due = Math.floor((passedMs / 1_000) * ENTRIES_PER_SECOND) - written;
    if (due > 0) {
      const entries = Array.from({ length: due }, () => ({ type: "timer.fired" as const, data: { timer: "steady" } }));
      const [result] = await store.commit([turn(RUN, from + written, { entries, atMs: Date.now() })]);
      if (!result?.ok) throw new Error(`a turn was refused: ${JSON.stringify(result)}`);
      written += due;
    }
    await setTimeout(TICK_MS);
  }
  return written;
}

async function withClients<T>(url: string, count: number, work: (child: ChildProcess) => Promise<T>): Promise<T> {
  const child = fork(CLIENTS, [url, String(count)]);
  const exited = once(child, "exit");
  try {
    await once(child, "message");
    return await work(child);
  } finally {
    child.kill("SIGKILL");
    await exited;
  }
}

async function samplesOf(child: ChildProcess): Promise<readonly number[]> {
  child.send("samples");
  const [samples] = (await once(child, "message")) as [readonly number[]];
  return samples;
}

/** A client that asks for the stream and then reads nothing. */
async function stuckClient({ port }: Serving): Promise<() => void> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  socket.pause();
  socket.write(`GET /runs/${RUN}/events HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n\r\n`);
  return () => socket.destroy();
}

function followed({ stuck }: { readonly stuck: boolean }): Part {
  return async ({ sizes, folder }) => {
    const store = sqliteStore({ path: join(folder, "sse.db"), synchronous: "FULL" });
    const runtime = await createRuntime({ store });
    const serving = await serve(runtime, { port: 0 });
    await store.commit([creation(RUN)]);
    const release = stuck ? await stuckClient(serving) : () => {};
    try {
      return await withClients(`${serving.url}/runs/${RUN}/events`, sizes.sseClients, async (child) => {
        const warmUp = await writeSteadily(store, 1, sizes.sseMs / 5);
        await setTimeout(TICK_MS * 10);
        await samplesOf(child);
        const rssBefore = process.memoryUsage.rss();
        const cpuBefore = process.cpuUsage();
        const written = await writeSteadily(store, 1 + warmUp, sizes.sseMs);
        const { user, system } = process.cpuUsage(cpuBefore);
        await setTimeout(TICK_MS * 20);
        const samples = await samplesOf(child);
        const cores = (user + system) / 1_000 / sizes.sseMs;
        const grown = process.memoryUsage.rss() - rssBefore;
        return report({ samples, written, clients: sizes.sseClients, grown, cores });
      });
    } finally {
      release();
      await serving.close({ graceMs: 0 });
      await runtime.stop();
      await store.close();
    }
  };
}

interface Found {
  readonly samples: readonly number[];
  readonly written: number;
  readonly clients: number;
  /** Bytes. */
  readonly grown: number;
  readonly cores: number;
}

function report({ samples, written, clients, grown, cores }: Found): Measurement[] {
  return [
    ...summariseLatency("from commit to client", thinned(samples), P99_MS_MAX),
    {
      what: "entries that arrived, to those written",
      value: samples.length / (written * clients),
      unit: "×",
      target: { atLeast: 1 },
    },
    { what: "CPU of the server, of one core", value: cores, unit: "×" },
    { what: "memory of the server grew by", value: grown / 1024 / 1024, unit: "MB" },
  ];
}

/** One in so many, so that there are few enough to be compared. */
function thinned(samples: readonly number[]): readonly number[] {
  const step = Math.ceil(samples.length / SAMPLES_MAX);
  return samples.filter((_, index) => index % step === 0);
}

export const sse: Scenario = {
  about: "how soon an entry is with a hundred clients that follow it, at a thousand entries a second",
  parts: { "all read": followed({ stuck: false }), "one does not": followed({ stuck: true }) },
};
