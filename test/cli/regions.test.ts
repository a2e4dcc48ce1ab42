import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { describeActors, groupActors } from "../../src/cli/text/actors.ts";
import type { ActiveState } from "../../src/inspect/active-states.ts";
import { sqliteStore } from "../../src/persistence/sqlite/index.ts";
import { Script } from "../journal/script.ts";
import { storeJournal } from "../queries/stored-journal.ts";
import { run, tempDir } from "./fake-io.ts";

const FAN = "main/fan@1";
const EACH = "main/each@1";

let cwd: string;
beforeEach(() => {
  cwd = tempDir();
});

async function stored(script: Script): Promise<void> {
  const store = sqliteStore(join(cwd, ".safepoint/safepoint.db"));
  await storeJournal(store, script.entries);
  await store.close();
}

const lines = (text: string) => text.trimEnd().split("\n");

/** Two reviewers have written `report`, which was merged; a third failed. */
function reviewed(): Script {
  const script = new Script().begin();
  const branches = [0, 1, 2].map((index) => ({ path: `${FAN}/${index}`, head: `r${index}` }));
  script.turn((s) =>
    s.entered(FAN, "parallel").add("parallel.started", {
      ...{ activation: FAN, join: "pick", joinRule: "fan_in", policy: "wait_all", errorPolicy: "ignore" },
      ...{ need: 3, branches, maxParallel: 3 },
    }),
  );
  for (const { path, head } of branches) {
    const index = Number(path.at(-1));
    const stage = `${path}/${head}@1`;
    script.turn((s) =>
      s.add("branch.started", { activation: FAN, index, head, branchRunId: `${path}~0` }, { branch: path }),
    );
    script.turn((s) => s.started(stage));
    script.turn((s) => {
      if (index === 2) s.failed(stage).add("branch.failed", { status: "fail" }, { branch: path });
      else {
        s.succeeded(stage, 1, 1, { contextUpdates: { report: `of ${head}` } });
        s.add("branch.succeeded", { status: "success" }, { branch: path });
      }
    });
  }
  const winners = [`${FAN}/0`, `${FAN}/1`];
  const counts = { succeeded: 2, failed: 1, open: 0, winners };
  return script.turn((s) =>
    s
      .add(
        "join.decided",
        { activation: FAN, decision: "success", policy: "wait_all", ...counts },
        { branch: "main", stage: FAN },
      )
      .add(
        "stage.succeeded",
        {
          outcome: { status: "success", contextUpdates: { report: ["of r0", "of r1"] } },
          provenance: { report: { branches: winners, rule: "append" } },
        },
        { branch: "main", stage: FAN },
      ),
  );
}

/** A foreach over 300, of which the first 250 have ended, every tenth in failure. */
function iterated(): Script {
  const script = new Script().begin();
  const where = { branch: "main", stage: EACH };
  script.turn((s) =>
    s
      .entered(EACH, "foreach")
      .add(
        "container.entered",
        { activation: EACH, kind: "foreach", onItemFailure: "continue", maxParallel: 5, total: 300 },
        where,
      ),
  );
  return script.turn((s) => {
    for (let index = 0; index < 255; index += 1) {
      const branch = `${EACH}/${index}`;
      const end = { activation: EACH, index };
      s.add("iteration.started", { ...end, item: index }, { branch }).started(`${branch}/do@1`);
      if (index >= 250) continue;
      if (index % 10 === 0) s.failed(`${branch}/do@1`).add("iteration.failed", { ...end, status: "fail" }, { branch });
      else s.succeeded(`${branch}/do@1`).add("iteration.succeeded", { ...end, status: "success" }, { branch });
    }
  });
}

describe("branches", () => {
  it("for people: a table, and how to see more", async () => {
    await stored(iterated());
    const { stdout, stderr } = await run("branches run-1 --limit 3 --status running", { cwd });
    expect(lines(stdout)).toEqual(
      [
        "BRANCH            STATUS   AT    INSIDE",
        "main              running  each",
        "main/each@1/250   running  do    each #250 (250 done)",
        "main/each@1/251   running  do    each #251 (250 done)",
      ].map((line) => expect.stringMatching(new RegExp(`^${line.replace(/[()]/g, "\\$&").replace(/ +/g, " +")}$`))),
    );
    expect(stderr).toBe("more (3 of 6 branches): --cursor 253\n");
    const rest = await run("branches run-1 --status running --cursor 253", { cwd });
    expect(lines(rest.stdout)).toHaveLength(4);
    expect(rest.stderr).toBe("");
  });

  it("as JSON is a page with counts of all", async () => {
    await stored(iterated());
    const json = JSON.parse((await run("branches run-1 --json --status failed --limit 2", { cwd })).stdout);
    expect(json).toMatchObject({
      ...{ runId: "run-1", branchesTotal: 25, cursor: "12", counts: { running: 6, succeeded: 225, failed: 25 } },
      branches: [
        { path: `${EACH}/0`, index: 0, status: "failed", node: "do", origin: "foreach" },
        { path: `${EACH}/10`, index: 10 },
      ],
    });
  });

  it("refuses what cannot be a branch, a status or a page", async () => {
    await stored(reviewed());
    for (const line of ["--branch fan", "--status done", "--limit 0", "--limit 101", "--cursor x", "--at 0"]) {
      expect((await run(`branches run-1 ${line}`, { cwd })).code).toBe(2);
    }
    expect((await run("branches nope", { cwd })).code).toBe(66);
  });
});

describe("joins", () => {
  it("say what was needed, what there was and what was decided", async () => {
    await stored(reviewed());
    const { code, stdout } = await run("joins run-1", { cwd });
    expect(code).toBe(0);
    expect(lines(stdout)[1]).toMatch(
      /^main\/fan@1 +pick +wait_all, ignore +2 of 3 needed, 1 failed +success at seq 17 +0 1$/,
    );
    const json = JSON.parse((await run("joins run-1 --json", { cwd })).stdout);
    expect(json.joins).toMatchObject([
      { activation: FAN, rule: "fan_in", decision: "success", decidedSeq: 17, total: 3 },
    ]);
    expect(json).toMatchObject({ runId: "run-1", joinsTotal: 1 });
    expect((await run("joins run-1 --at 6", { cwd })).stdout).toContain("0 of 3 needed, 3 open");
  });
});

describe("provenance", () => {
  it("names the branches a key was merged from, and who wrote it there", async () => {
    await stored(reviewed());
    const { stdout } = await run("provenance run-1 report", { cwd });
    const at = "at 1970-01-01T00:00:01.000Z";
    expect(lines(stdout)).toEqual([
      'report = ["of r0","of r1"]',
      `  merged (append) by main/fan@1, seq 18 ${at}`,
      "  from main/fan@1/0",
      `    by main/fan@1/0/r0@1#1, seq 7 ${at}`,
      "  from main/fan@1/1",
      `    by main/fan@1/1/r1@1#1, seq 11 ${at}`,
    ]);
    const json = JSON.parse((await run("provenance run-1 report --json", { cwd })).stdout);
    expect(json).toMatchObject({
      ...{ key: "report", scope: "main", stage: FAN, rule: "append", seq: 18, value: ["of r0", "of r1"] },
      branches: [
        { path: `${FAN}/0`, stage: `${FAN}/0/r0@1`, attempt: 1, seq: 7 },
        { path: `${FAN}/1`, stage: `${FAN}/1/r1@1`, attempt: 1, seq: 11 },
      ],
    });
  });

  it("of a key that nobody wrote, or a branch that is not there, exits 66", async () => {
    await stored(reviewed());
    expect((await run("provenance run-1 nothing", { cwd })).code).toBe(66);
    expect((await run("provenance run-1 report --branch main/fan@1/7", { cwd })).code).toBe(66);
    expect((await run("provenance run-1 report --branch seven", { cwd })).code).toBe(2);
  });
});

describe("events --branch", () => {
  it("has the entries of a branch and of all below it, also with --follow", async () => {
    const script = reviewed();
    script.turn((s) => s.add("run.completed", { status: "success", exit: "exit" }));
    await stored(script);
    const seqs = async (line: string) => {
      const { stdout } = await run(`events run-1 ${line}`, { cwd });
      return lines(stdout).map((each) => JSON.parse(each).seq as number);
    };
    expect(await seqs(`--branch ${FAN}/0`)).toEqual([5, 6, 7, 8]);
    expect(await seqs(`--branch ${FAN}/0 --follow`)).toEqual([5, 6, 7, 8]);
    expect(await seqs(`--branch ${FAN} --type branch.started`)).toEqual([5, 9, 13]);
    expect(await seqs(`--branch ${FAN} --type stage.succeeded`)).toEqual([7, 11, 18]);
    expect((await run("events run-1 --branch 0", { cwd })).code).toBe(2);
  });
});

describe("show of a run with branches", () => {
  it("sums up containers and joins, and shows what goes on and what failed", async () => {
    await stored(iterated());
    const { stdout } = await run("show run-1", { cwd });
    expect(stdout).toMatch(/^main\/each@1 +foreach +250 of 300 +5 +25$/m);
    expect(stdout).toContain("256 branches, main among them: 6 running, 225 succeeded, 25 failed");
    expect(stdout.match(/^main\/each@1\/\d+ +failed/gm)).toHaveLength(20);
    expect(stdout).toContain("(+ 10 more, see `branches`)");
  });

  it("lists few branches whole", async () => {
    await stored(reviewed());
    const { stdout } = await run("show run-1", { cwd });
    expect(stdout).toContain("4 branches, main among them: 1 running, 2 succeeded, 1 failed");
    expect(stdout).toMatch(/^main\/fan@1\/2 +failed +r2$/m);
    expect(stdout).toMatch(/^main\/fan@1 +pick +wait_all, ignore /m);
    expect(stdout).not.toContain("more");
  });
});

describe("cancel --branch", () => {
  it("is of one run, and of a place that can be one", async () => {
    await stored(reviewed());
    const bulk = await run(`cancel --all --branch ${FAN}/0`, { cwd });
    expect(bulk).toMatchObject({ code: 2, stderr: expect.stringContaining("--branch is of one run") });
    expect((await run("cancel run-1 --branch fan", { cwd })).code).toBe(2);
  });
});

describe("actors of a run", () => {
  const actor = (name: string, ...states: string[]): ActiveState => {
    return { actor: name, chart: name.split(":", 1)[0] ?? "", machine: "m", seq: 1, value: "v", states };
  };
  const many = [
    actor("stage:main/each@1", "working"),
    actor("run", "active"),
    actor("branch:main", "visiting"),
    ...Array.from({ length: 40 }, (_, index) => [
      actor(`branch:main/each@1/${index}`, "visiting"),
      actor(`stage:main/each@1/${index}/do@1`, index % 2 === 0 ? "executing" : "backing_off"),
    ]).flat(),
  ].toSorted((a, b) => (a.actor < b.actor ? -1 : 1));

  it("are grouped by activation, numbers in order, and bounded", () => {
    const text = lines(describeActors(groupActors(many)));
    expect(text.slice(0, 4).map((line) => line.split(/ +/)[0])).toEqual([
      "ACTOR",
      "run",
      "branch:main",
      "stage:main/each@1",
    ]);
    expect(text).toHaveLength(4 + 1 + 1 + 12 + 3);
    expect(text[6]).toMatch(/^branch:main\/each@1\/0 +visiting +1$/);
    expect(text[10]).toMatch(/^branch:main\/each@1\/2 +visiting +1$/);
    expect(text.slice(-3)).toEqual([
      "  + 34 × branch visiting",
      "  + 17 × stage executing",
      "  + 17 × stage backing_off",
    ]);
  });

  it("of one branch are those of all below it", () => {
    const [group, ...rest] = groupActors(many, "main/each@1/7");
    expect(rest).toEqual([]);
    expect(group?.actors.map((each) => each.actor)).toEqual(["branch:main/each@1/7", "stage:main/each@1/7/do@1"]);
    expect(describeActors(groupActors(many, "main/each@1/99"))).toBe("no live actors");
  });

  it("of hundreds of activations are the first, and how many there are more", () => {
    const nested = Array.from({ length: 300 }, (_, index) => actor(`branch:main/each@1/${index}/in@1/0`, "visiting"));
    const text = lines(describeActors(groupActors(nested)));
    expect(text.length).toBeLessThan(60);
    expect(text.at(-1)).toBe("+ 288 actors of 288 more activations");
  });
});
