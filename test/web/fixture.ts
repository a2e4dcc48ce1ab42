/** A server, a browser and a store of its own for the tests of a file. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { launchBrowser } from "./browser.ts";
import { type ServerOptions, TestServer } from "./server.ts";

export interface Fixture {
  readonly browser: Browser;
  server: TestServer;
  /** Kills the server as a crash does, and starts another on the same store and port. */
  restart(): Promise<void>;
  /** Where a page of the dashboard is. */
  at(hash: string): string;
}

export function openFixture(options: Omit<ServerOptions, "store"> = {}): Fixture {
  const fixture = {} as { -readonly [K in keyof Fixture]: Fixture[K] };
  let dir: string;
  const start = (port = 0) => TestServer.start({ store: join(dir, "runs.db"), ...options, port });
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "safepoint-web-"));
    fixture.server = await start();
    fixture.browser = await launchBrowser();
  });
  afterAll(async () => {
    await fixture.browser?.close();
    await fixture.server?.kill();
    await rm(dir, { recursive: true, force: true });
  });
  fixture.at = (hash) => `${fixture.server.url}/${hash}`;
  fixture.restart = async () => {
    const { port } = fixture.server;
    await fixture.server.kill();
    fixture.server = await start(port);
  };
  return fixture;
}
