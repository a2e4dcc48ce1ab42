import { existsSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { main } from "../../src/cli/main.ts";
import { sqliteStore } from "../../src/persistence/sqlite/index.ts";
import { creationOf, demoStore, entry, writeRest, writeTurns } from "../queries/stored-run.ts";
import { fakeIo, run, tempDir } from "./fake-io.ts";

let cwd: string;
beforeEach(() => {
  cwd = tempDir();
});

/** The demo run in the default store, with as many of its turns as are asked for. */
async function storeDemo(turns = 5): Promise<void> {
  const store = sqliteStore(join(cwd, ".safepoint/safepoint.db"));
  await demoStore(turns, store);
  await store.close();
}

async function inStore(write: (store: ReturnType<typeof sqliteStore>) => Promise<void>): Promise<void> {
  const store = sqliteStore(join(cwd, ".safepoint/safepoint.db"));
  await write(store);
  await store.close();
}

const lines = (text: string) => text.trimEnd().split("\n");

describe("runs", () => {
  it("lists as a table and as a document", async () => {
    await storeDemo();
    const plain = await run("runs", { cwd });
    expect(plain).toMatchObject({ code: 0, stderr: "" });
    expect(lines(plain.stdout)).toHaveLength(2);
    expect(plain.stdout).toMatch(/^RUN +STATUS +PIPELINE/);
    expect(plain.stdout).toMatch(/demo +completed +demo +2026-01-02T03:04:05\.000Z/);
    const json = JSON.parse((await run("runs --json", { cwd })).stdout);
    expect(json.runs).toMatchObject([
      { runId: "demo", status: "completed", labels: { team: "a" }, pipeline: { name: "demo" } },
    ]);
    expect(json).not.toHaveProperty("cursor");
  });

  it("filters and pages", async () => {
    await storeDemo();
    await inStore((store) => writeTurns(store, "second", [creationOf("second")]));
    const ids = async (line: string) =>
      JSON.parse((await run(`runs --json ${line}`, { cwd })).stdout).runs.map((each: { runId: string }) => each.runId);
    expect(await ids("--status running,paused")).toEqual(["second"]);
    expect(await ids("--status completed --status running")).toHaveLength(2);
    expect(await ids("--label team=b")).toEqual([]);
    expect(await ids("--label team=a")).toHaveLength(2);
    const page = JSON.parse((await run("runs --json --limit 1", { cwd })).stdout);
    expect(page.runs).toHaveLength(1);
    const [next] = await ids(`--limit 1 --cursor ${page.cursor}`);
    expect([page.runs[0].runId, next].toSorted()).toEqual(["demo", "second"]);
    const plain = await run("runs --limit 1", { cwd });
    expect(plain.stderr).toContain(`--cursor ${page.cursor}`);
    expect((await run("runs --limit 1 --quiet", { cwd })).stderr).toBe("");
  });
});

describe("show", () => {
  it("for people", async () => {
    await storeDemo();
    const { code, stdout, stderr } = await run("show demo", { cwd });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    await expect(stdout).toMatchFileSnapshot("golden/show.txt");
  });

  it("is the run view as JSON", async () => {
    await storeDemo();
    const { stdout } = await run("show demo --json", { cwd });
    const { runViewSchema } = await import("../../src/journal/run-view.ts");
    expect(runViewSchema.parse(JSON.parse(stdout))).toMatchObject({ runId: "demo", status: "completed", seq: 19 });
  });

  it("--at rounds down to a complete turn and says so", async () => {
    await storeDemo();
    const json = await run("show demo --at 12 --json", { cwd });
    expect(JSON.parse(json.stdout)).toMatchObject({ status: "running", seq: 8, at: { asked: 12, used: 8 } });
    expect((await run("show demo --at 12", { cwd })).stderr).toBe("seq 12 rounded down to 8, where a turn ends\n");
    expect((await run("show demo --at 8", { cwd })).stderr).toBe("");
    expect((await run("show demo --at 3", { cwd })).code).toBe(2);
    expect((await run("show demo --at x", { cwd })).code).toBe(2);
  });

  it("shows a person the last stages of a long run, and names how many there are", async () => {
    const many = Array.from({ length: 150 }, (_, index) =>
      entry("stage.entered", { kind: "conditional" }, { branch: "main", stage: `main/n${index}@1` }),
    );
    await inStore(async (store) => {
      await demoStore(0, store);
      await writeTurns(store, "long", [creationOf("long"), { entries: many }]);
    });
    const { stdout } = await run("show long", { cwd });
    expect(stdout).toContain("main/n149@1");
    expect(stdout).not.toContain("main/n100@1");
    expect(stdout).toContain("(30 of 152 stages)");
  });

  it("of a run that is not there exits 66", async () => {
    await storeDemo();
    const { code, stdout, stderr } = await run("show nope", { cwd });
    expect({ code, stdout }).toEqual({ code: 66, stdout: "" });
    expect(stderr).toMatch(/^safepoint: no run "nope" in .+\nhint: .+\n$/);
  });

  it("does not make a store", async () => {
    expect((await run("show demo", { cwd })).code).toBe(66);
    expect(existsSync(join(cwd, ".safepoint"))).toBe(false);
  });
});

describe("events", () => {
  it("prints JSON Lines with times in RFC 3339", async () => {
    await storeDemo();
    const { code, stdout } = await run("events demo", { cwd });
    expect(code).toBe(0);
    const entries = lines(stdout).map((line) => JSON.parse(line));
    expect(entries.map((each) => each.seq)).toEqual(Array.from({ length: 19 }, (_, index) => index + 1));
    expect(entries[0]).toMatchObject({
      runId: "demo",
      type: "run.created",
      at: "2026-01-02T03:04:05.000Z",
      turn: 6,
      v: 1,
    });
  });

  it.each([
    ["--after 17", [18, 19]],
    ["--type stage.started", [6, 8, 14]],
    ["--type run.created,run.completed", [1, 19]],
    ["--stage main/deploy@1", [14, 15, 16]],
    ["--branch main/other@1/0", []],
  ])("%s", async (options, seqs) => {
    await storeDemo();
    const { stdout } = await run(`events demo ${options}`, { cwd });
    const found = stdout === "" ? [] : lines(stdout).map((line) => JSON.parse(line).seq);
    expect(found).toEqual(seqs);
  });

  it("refuses a type that does not exist, which it would wait for in vain", async () => {
    await storeDemo();
    expect((await run("events demo --type stage.begun", { cwd })).code).toBe(2);
  });

  it("--follow goes on to the end of a run that another process writes", async () => {
    await storeDemo(2);
    const following = run("events demo --follow", { cwd });
    await inStore((store) => writeRest(store, 2));
    const { code, stdout } = await following;
    expect(code).toBe(0);
    expect(lines(stdout).map((line) => JSON.parse(line).seq)).toEqual(Array.from({ length: 19 }, (_, i) => i + 1));
  });

  it("--follow ends with a signal, and gives signals back", async () => {
    await storeDemo(2);
    const io = fakeIo({ cwd });
    const done = main(["events", "demo", "--follow"], io);
    await until(() => io.stdout.text.includes('"seq":7'));
    io.send("SIGINT");
    expect(await done).toBe(130);
    expect(io.listeners()).toBe(0);
  });

  it("stops when nobody reads any more", async () => {
    await storeDemo(2);
    const io = fakeIo({ cwd });
    const write = io.stdout.write.bind(io.stdout);
    io.stdout.write = async (text) => {
      await write(text);
      io.stdout.close();
    };
    expect(await main(["events", "demo", "--follow"], io)).toBe(0);
  });
});

describe("context, checkpoint, artifacts", () => {
  it("context is one flat object", async () => {
    await storeDemo();
    const { stdout } = await run("context demo", { cwd });
    expect(JSON.parse(stdout)).toMatchObject({ "graph.goal": "ship it", zip: "a.zip" });
    expect(JSON.parse((await run("context demo --at 6", { cwd })).stdout)).toEqual({ "graph.goal": "ship it" });
    expect((await run("context demo --branch nope", { cwd })).code).toBe(66);
  });

  it("checkpoint is one document", async () => {
    await storeDemo(3);
    const document = JSON.parse((await run("checkpoint demo", { cwd })).stdout);
    expect(document).toMatchObject({ seq: 8, current_node: "start", actors: [{ actor: "stage:main/build@1" }] });
  });

  it("artifacts lists them, and --get gives the bytes as they are", async () => {
    await storeDemo();
    expect((await run("artifacts demo", { cwd })).stdout).toMatch(/a1 +main\/build@1 +response\.md +text\/markdown +8/);
    expect(JSON.parse((await run("artifacts demo --json", { cwd })).stdout)).toMatchObject({
      runId: "demo",
      artifacts: [{ artifact: "a1", complete: true }],
    });
    expect((await run("artifacts demo --get a1", { cwd })).stdout).toBe("# built\n");
    expect((await run("artifacts demo --get a2", { cwd })).code).toBe(66);
  });
});

describe("export", () => {
  it("writes the directory and refuses a foreign one", async () => {
    await storeDemo();
    const json = JSON.parse((await run("export demo --dir out --json", { cwd })).stdout);
    expect(json).toMatchObject({ runId: "demo", dir: join(cwd, "out") });
    expect(existsSync(join(cwd, "out/build/status.json"))).toBe(true);
    expect((await run("export demo --dir out", { cwd })).code).toBe(0);
    expect((await run("export demo --dir .", { cwd })).code).toBe(2);
  });
});

describe("graph --run", () => {
  it("marks the pinned pipeline, and notes a file that differs from it", async () => {
    await storeDemo(2);
    const { code, stdout } = await run("graph --run demo --format json", { cwd });
    expect(code).toBe(0);
    expect(JSON.parse(stdout).nodes).toContainEqual(expect.objectContaining({ id: "build", state: "backing_off" }));
    const { writeFileSync } = await import("node:fs");
    writeFileSync(join(cwd, "other.dot"), "digraph { start -> exit }");
    const other = await run("graph other.dot --run demo --format dot", { cwd });
    expect(other.stderr).toMatch(/other\.dot has other nodes or edges/);
    expect(other.stdout).toContain('class="succeeded"');
  });
});

describe("inspect of a run", () => {
  it("says which state each live actor is in", async () => {
    await storeDemo(3);
    expect((await run("inspect demo", { cwd })).stdout).toMatch(/stage:main\/build@1 +running +8/);
    const json = JSON.parse((await run("inspect demo --format statechart-json", { cwd })).stdout);
    expect(json).toMatchObject({ charts: { run: {}, branch: {}, stage: {} }, actors: [{ chart: "stage" }] });
    expect((await run("inspect nope", { cwd })).code).toBe(66);
    expect((await run("inspect demo --at 0", { cwd })).code).toBe(2);
  });

  it("or was in at a seq, rounded down to a complete turn", async () => {
    await storeDemo();
    expect(JSON.parse((await run("inspect demo --json", { cwd })).stdout)).toMatchObject({ actors: [] });
    const before = await run("inspect demo --at 12", { cwd });
    expect(before).toMatchObject({ code: 0, stderr: "seq 12 rounded down to 8, where a turn ends\n" });
    expect(before.stdout).toMatch(/stage:main\/build@1 +running +8/);
  });
});

describe("wait", () => {
  it("for a run that has ended is done at once", async () => {
    await storeDemo();
    const { code, stdout } = await run("wait demo --json", { cwd });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ status: "completed" });
  });

  it.each([
    ["failed", 1],
    ["cancelled", 3],
  ] as const)("tells how it ended: %s exits %i", async (status, code) => {
    await storeDemo(2);
    const waiting = run("wait demo", { cwd });
    const end =
      status === "failed"
        ? entry("run.failed", { code: "no_route", message: "no edge" })
        : entry("run.cancelled", { abandoned: [] });
    await inStore((store) => writeTurns(store, "demo", [{ entries: [end], run: { status } }]));
    expect((await waiting).code).toBe(code);
  });

  it("--for a status is done when the run has it, or had it for a moment", async () => {
    await storeDemo(2);
    expect((await run("wait demo --for running", { cwd })).code).toBe(0);
    const waiting = run("wait demo --for paused", { cwd });
    const paused = entry("run.paused", { runTimeMs: 1 });
    const continued = entry("run.continued", { runTimeMs: 1, pausedMs: 1 });
    await new Promise((resolve) => setTimeout(resolve, 100));
    await inStore((store) => writeTurns(store, "demo", [{ entries: [paused, continued] }]));
    expect((await waiting).code).toBe(0);
  });

  it("--for a status that can no longer come is refused", async () => {
    await storeDemo();
    const { code, stderr } = await run("wait demo --for paused --json", { cwd });
    expect(code).toBe(5);
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: "run_finished", details: { status: "completed" } } });
  });

  it("--timeout gives up with 75", async () => {
    await storeDemo(2);
    const { code, stdout, stderr } = await run("wait demo --timeout 50ms --json", { cwd });
    expect({ code, stdout }).toEqual({ code: 75, stdout: "" });
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: "timed_out" } });
  });
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
