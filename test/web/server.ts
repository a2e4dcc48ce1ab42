/** `safepoint serve` as a process of its own, with the tests' handlers: to be killed, started again and asked. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { ROOT } from "../tidy/sources.ts";

export interface ServerOptions {
  readonly store: string;
  /** 0 takes any that is free. */
  readonly port?: number;
  readonly tokenFile?: string;
}

export class TestServer {
  readonly url: string;
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, { url, port }: { readonly url: string; readonly port: number }) {
    this.#child = child;
    this.url = url;
    this.port = port;
  }

  /** Resolves when it listens; rejects with what it said where it does not. */
  static async start({ store, port = 0, tokenFile }: ServerOptions): Promise<TestServer> {
    const argv = ["serve", "--json", "--store", store, "--port", String(port)];
    argv.push("--handlers", join(ROOT, "test", "web", "handlers.ts"));
    if (tokenFile !== undefined) argv.push("--token-file", tokenFile);
    const child = fork(join(ROOT, "src", "cli", "bin.ts"), argv, { silent: true, env: { ...process.env, CI: "true" } });
    let said = "";
    child.stderr?.on("data", (bytes) => {
      said += String(bytes);
    });
    const place = Promise.withResolvers<{ readonly url: string; readonly port: number }>();
    let printed = "";
    child.stdout?.on("data", (bytes) => {
      printed += String(bytes);
      if (printed.trimEnd().endsWith("}")) place.resolve(JSON.parse(printed) as { url: string; port: number });
    });
    child.once("exit", () => place.reject(new Error(`the server did not start: ${said}`)));
    return new TestServer(child, await place.promise);
  }

  /** Lets the stages of a node go on that a `hold` keeps. */
  release(node: string): void {
    this.#child.send({ release: node });
  }

  /** As a crash does: nothing is said, nothing is given back. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exit;
  }

  async post<T>(path: string, body: unknown): Promise<T> {
    const response = await fetch(new URL(path, this.url), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!response.ok && response.status !== 409)
      throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  async get<T>(path: string): Promise<T> {
    const response = await fetch(new URL(path, this.url), { headers: { accept: "application/json" } });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  async start(source: string, more: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const { runId } = await this.post<{ runId: string }>("/runs", { source, ...more });
    return runId;
  }

  /** Resolves when an entry that fits is in the journal, which is followed: nothing is asked twice. */
  async entry(
    runId: string,
    fits: (entry: { readonly type: string; readonly stage?: string }) => boolean,
  ): Promise<void> {
    const leaving = new AbortController();
    const response = await fetch(new URL(`/runs/${runId}/events`, this.url), {
      headers: { accept: "text/event-stream" },
      signal: leaving.signal,
    });
    try {
      let rest = "";
      for await (const bytes of response.body as unknown as AsyncIterable<Uint8Array>) {
        const blocks = (rest + new TextDecoder().decode(bytes)).split("\n\n");
        rest = blocks.pop() ?? "";
        const data = blocks.flatMap((block) => block.split("\n").filter((line) => line.startsWith("data: ")));
        if (data.some((line) => fits(JSON.parse(line.slice(6)) as { type: string }))) return;
      }
      throw new Error(`run ${runId} ended without the entry that was waited for`);
    } finally {
      leaving.abort();
    }
  }
}
