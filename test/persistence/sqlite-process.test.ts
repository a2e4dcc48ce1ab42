import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { verifyAll } from "../../src/persistence/verify.ts";
import { commitAll, creation, OWNER } from "../../src/testing/store-fixtures.ts";
import { openStore, temporaryFolder } from "./temporary.ts";

const run = promisify(execFile);
const child = (name: string) => fileURLToPath(new URL(`children/${name}.ts`, import.meta.url));

/** Lets the writer report `turns` turns, kills it without warning, and answers with the last seq it reported. */
async function writeAndKill(path: string, turns: number): Promise<number> {
  const writer = spawn(process.execPath, [child("writer"), path], { stdio: ["ignore", "pipe", "inherit"] });
  let reported = 0;
  let last = 0;
  for await (const line of createInterface({ input: writer.stdout })) {
    last = Number(line);
    reported++;
    if (reported === turns) writer.kill("SIGKILL");
  }
  if (writer.exitCode === null && writer.signalCode === null) await once(writer, "exit");
  expect(writer.signalCode).toBe("SIGKILL");
  return last;
}

describe("a SQLite store and its processes", () => {
  it("has all that a killed writer was told is written, whole, and the next writer goes on", async () => {
    const path = join(temporaryFolder(), "runs.db");
    for (const turns of [1, 7, 60]) {
      const last = await writeAndKill(path, turns);
      const store = openStore(path);
      const image = await store.load("a");
      expect(image?.run.seq).toBeGreaterThanOrEqual(last);
      expect(((image?.run.seq ?? 0) - 1) % 3).toBe(0);
      expect(image?.context.map((row) => row.value)).toEqual([{ json: String((image?.run.seq ?? 0) - 3) }]);
      expect(image?.actors.length).toBe(2);
      expect(await verifyAll(store)).toEqual([]);
      await store.close();
    }
  });

  it("gives each lease to exactly one of two processes", async () => {
    const path = join(temporaryFolder(), "runs.db");
    const store = openStore(path);
    const runs = Array.from({ length: 60 }, (_, index) => `run-${index}`);
    await store.commit(runs.map((runId) => creation(runId, {}, null)));
    const answers = await Promise.all([1, 2].map(() => run(process.execPath, [child("claimer"), path, ...runs])));
    const won = answers.map(({ stdout }) => JSON.parse(stdout) as string[]);
    expect(won.flat().sort()).toEqual([...runs].sort());
    for (const row of await store.read("runs", {})) expect(row.token).toBe(1);
  });

  it("gives a lease to exactly one of two connections that ask in turn and at once", async () => {
    const path = join(temporaryFolder(), "runs.db");
    const stores = [openStore(path), openStore(path)] as const;
    await commitAll(stores[0], creation("a", {}, null));
    const claims = await Promise.all(
      stores.map((store, pid) => store.claim({ runId: "a", owner: { ...OWNER, pid }, nowMs: 0, leaseMs: 1_000 })),
    );
    expect(claims.map((claim) => claim.ok).sort()).toEqual([false, true]);
  });

  it("can be opened new by several processes at once", async () => {
    const path = join(temporaryFolder(), "new", "runs.db");
    await Promise.all(["a", "b", "c", "d"].map((runId) => run(process.execPath, [child("opener"), path, runId])));
    const store = openStore(path);
    expect((await store.read("runs", {})).map((row) => row.runId).sort()).toEqual(["a", "b", "c", "d"]);
    expect(await store.check()).toEqual([]);
  });

  it("tells its watchers of another process's commits, and writes nothing for it", async () => {
    const path = join(temporaryFolder(), "runs.db");
    const store = openStore(path);
    await commitAll(store, creation("a"));
    const heard = new Promise<void>((resolve) => {
      const stop = store.watch(() => {
        stop();
        resolve();
      });
    });
    await run(process.execPath, [child("opener"), path, "b"]);
    await heard;
    expect((await store.read("journal", {})).map((entry) => entry.runId)).toEqual(["a", "b"]);
  });

  it("keeps a process alive that only watches, and lets it end afterwards", async () => {
    const path = join(temporaryFolder(), "runs.db");
    const store = openStore(path);
    await commitAll(store, creation("a"));
    const watcher = spawn(process.execPath, [child("watcher"), path], { stdio: ["ignore", "pipe", "inherit"] });
    const said: string[] = [];
    const ended = once(watcher, "exit");
    for await (const line of createInterface({ input: watcher.stdout })) {
      said.push(line);
      // Several times the interval at which it looks: without a hold it is gone by now.
      if (line === "waiting") void run(process.execPath, [child("opener"), path, "b"]);
    }
    expect(said).toEqual(["waiting", '["b","a"]']);
    expect(await ended).toEqual([0, null]);
  });
});
