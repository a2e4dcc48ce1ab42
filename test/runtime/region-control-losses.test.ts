/** Executions in branches that are lost, cut off or left behind, and what the run does about them. */
import { describe, expect, it } from "vitest";
import type { EntryType } from "../../src/journal/catalogue.ts";
import { between, Play, RUN_ID } from "./region-control-world.ts";

const storyOf = async (play: Play, ...types: EntryType[]) =>
  (await play.store.read("journal", { runId: RUN_ID }))
    .filter(({ type }) => types.includes(type))
    .map(({ type, stage, branch }) => `${type} ${stage ?? branch}`);

const inFlight = (play: Play) => play.open.map(({ stage }) => stage);

describe("an unknown outcome in a branch", () => {
  const RISKY = between(`fan [shape=component]
    risky [on_interrupt=ask]
    start -> fan
    fan -> risky -> meet
    fan -> calm -> meet
    meet -> exit`);
  const PLACE = "main/fan@1/0/risky@1";
  const GATE = `${PLACE}#1.1:interrupted`;

  it("is a person's to settle; the other branches go on meanwhile", async () => {
    const play = await Play.of(RISKY);
    await play.crash();
    expect((await play.run.questions()).map(({ gate }) => gate)).toEqual([GATE]);
    expect(inFlight(play)).toEqual(["main/fan@1/1/calm@1"]);
    await play.end("main/fan@1/1/calm@1");
    expect(await play.status()).toBe("running");
    await play.run.answer(GATE, "retry");
    await play.rest();
    expect(play.open.map(({ execution }) => execution)).toEqual([`${PLACE}#1.2`]);
    await play.toEnd();
    expect(await play.status()).toBe("completed");
    await play.expectSound("retry");
  });

  it.each([
    ["done", "completed", "success"],
    ["fail", "completed", "partial_success"],
  ])("answered %s while paused is acted on when the run goes on", async (answer, status, decision) => {
    const play = await Play.of(RISKY);
    await play.run.pause();
    await play.crash();
    expect([await play.status(), await play.run.questions()]).toEqual(["paused", []]);
    await play.run.continue();
    await play.rest();
    expect((await play.run.questions()).map(({ gate }) => gate)).toEqual([GATE]);
    await play.run.pause({ mode: "interrupt" });
    await play.run.answer(GATE, answer);
    await play.rest();
    expect(await storyOf(play, "stage.succeeded", "stage.failed", "branch.failed")).not.toContain(
      expect.stringContaining(PLACE),
    );
    expect((await play.control()).held.map(({ stage }) => stage)).toContain(PLACE);
    await play.run.continue();
    await play.rest();
    await play.toEnd();
    expect(await play.status()).toBe(status);
    const [decided] = (await play.store.read("journal", { runId: RUN_ID })).filter(
      ({ type }) => type === "join.decided",
    );
    expect(decided?.data).toMatchObject({ decision });
    await play.expectSound(answer);
  });

  it("is nobody's question where its branch is being cancelled: it ends cancelled", async () => {
    const play = await Play.of(RISKY);
    play.isObedient = false;
    await play.run.cancel({ branch: "main/fan@1/0" });
    await play.crash();
    expect(await play.run.questions()).toEqual([]);
    expect(await storyOf(play, "stage.cancelled", "branch.cancelled")).toEqual([
      `stage.cancelled ${PLACE}`,
      "branch.cancelled main/fan@1/0",
    ]);
    await play.toEnd();
    expect(await play.status()).toBe("completed");
    await play.expectSound("cancelled");
  });
});

describe("losers of a join", () => {
  const RACE = between(`fan [shape=component, join_policy=first_success]
    start -> fan
    fan -> swift -> meet
    fan -> slow -> meet
    fan -> slower -> meet
    meet -> exit`);
  const [SWIFT, SLOW, SLOWER] = ["main/fan@1/0/swift@1", "main/fan@1/1/slow@1", "main/fan@1/2/slower@1"] as const;

  it("that are in flight are in flight for a pause, which waits for them; the cancel is what cut them", async () => {
    const play = await Play.of(RACE);
    play.isObedient = false;
    await play.end(SWIFT);
    expect(play.aborts).toEqual([`${SLOW}#1.1 cancel`, `${SLOWER}#1.1 cancel`]);
    expect(await play.run.pause({ mode: "interrupt" })).toMatchObject({ after: "pausing" });
    expect(play.aborts).toHaveLength(2);
    play.flight(SLOW).obey();
    await play.rest();
    expect(await play.status()).toBe("pausing");
    play.flight(SLOWER).obey();
    await play.rest();
    expect(await play.status()).toBe("paused");
    expect(await storyOf(play, "stage.cancelled")).toEqual([`stage.cancelled ${SLOW}`, `stage.cancelled ${SLOWER}`]);
    expect(await storyOf(play, "stage.succeeded", "edge.selected")).not.toContain("stage.succeeded main/fan@1");
    await play.run.continue();
    await play.rest();
    await play.toEnd();
    expect(await play.status()).toBe("completed");
    expect(await storyOf(play, "stage.interrupted", "stage.failed")).toEqual([]);
  });

  it("are gone after a crash, and are not started again", async () => {
    const play = await Play.of(RACE);
    play.isObedient = false;
    await play.end(SWIFT);
    const begun = play.started.length;
    await play.crash();
    expect(play.started.slice(begun)).toEqual(["main/meet@1#1.1"]);
    play.isObedient = true;
    await play.toEnd();
    expect(await play.status()).toBe("completed");
    await play.expectSound("losers");
  });

  it("that will not end are awaited: the run goes on when they are abandoned", async () => {
    const play = await Play.of(RACE);
    play.isObedient = false;
    await play.end(SWIFT);
    expect(inFlight(play)).toEqual([SLOW, SLOWER]);
    await play.clock.advance(60_000);
    expect(inFlight(play)).toContain("main/meet@1");
    const { control } = await play.run.view();
    expect(control.abandoned.map(({ stage }) => stage)).toEqual([SLOW, SLOWER]);
    for (const flight of play.open.filter(({ stage }) => stage !== "main/meet@1")) flight.obey();
    await play.rest();
    await play.end("main/meet@1");
    expect(await play.status()).toBe("completed");
  });
});

describe("a part that is cancelled", () => {
  const NESTED = between(`outer [type=foreach, items="[1, 2]", body=part, max_parallel=2, on_item_failure=continue]
    subgraph part { split [shape=component]; inner [type=foreach, items="[8, 9, 10]", body=piece, max_parallel=2, on_item_failure=continue]; side; meet }
    subgraph piece { make }
    split -> inner -> meet
    split -> side -> meet
    start -> outer -> after -> exit`);
  const SPLIT = "main/outer@1/0/split@1";

  it("takes everything inside along, and nothing beside it", async () => {
    const play = await Play.of(NESTED);
    expect(await play.run.cancel({ branch: "main/outer@1/0" })).toMatchObject({ accepted: true });
    await play.rest();
    expect(inFlight(play)).toEqual([
      "main/outer@1/1/split@1/0/inner@1/0/make@1",
      "main/outer@1/1/split@1/0/inner@1/1/make@1",
      "main/outer@1/1/split@1/1/side@1",
    ]);
    expect(await storyOf(play, "stage.cancelled", "branch.cancelled", "iteration.cancelled")).toEqual([
      `stage.cancelled ${SPLIT}/0/inner@1/0/make@1`,
      `iteration.cancelled ${SPLIT}/0/inner@1/0`,
      `stage.cancelled ${SPLIT}/0/inner@1/1/make@1`,
      `iteration.cancelled ${SPLIT}/0/inner@1/1`,
      `stage.cancelled ${SPLIT}/0/inner@1`,
      `branch.cancelled ${SPLIT}/0`,
      `stage.cancelled ${SPLIT}/1/side@1`,
      `branch.cancelled ${SPLIT}/1`,
      `stage.cancelled ${SPLIT}`,
      "iteration.cancelled main/outer@1/0",
    ]);
    await play.toEnd();
    expect(await play.status()).toBe("completed");
    await play.expectSound("outer branch");
  });

  it("while paused ends at once; nothing comes in its place before the run goes on", async () => {
    const play = await Play.of(NESTED);
    await play.run.pause({ mode: "interrupt" });
    await play.rest();
    const begun = play.started.length;
    await play.run.cancel({ branch: `${SPLIT}/0/inner@1/0` });
    await play.rest();
    expect(await storyOf(play, "iteration.cancelled")).toEqual([`iteration.cancelled ${SPLIT}/0/inner@1/0`]);
    expect([await play.status(), play.started.length]).toEqual(["paused", begun]);
    expect(await storyOf(play, "iteration.started")).not.toContain(`iteration.started ${SPLIT}/0/inner@1/2`);
    await play.run.continue();
    await play.rest();
    expect(await storyOf(play, "iteration.started")).toContain(`iteration.started ${SPLIT}/0/inner@1/2`);
    await play.toEnd();
    expect(await play.status()).toBe("completed");
    expect(play.watch.problems).toEqual([]);
  });

  it("when an activation is, fails that stage and goes on as after any failure", async () => {
    const play = await Play.of(NESTED);
    await play.run.cancel({ branch: `${SPLIT}/0/inner@1` });
    await play.rest();
    expect(await storyOf(play, "stage.failed", "branch.failed")).toEqual([
      `stage.failed ${SPLIT}/0/inner@1`,
      `branch.failed ${SPLIT}/0`,
    ]);
    await play.toEnd();
    expect(await play.status()).toBe("completed");
    await play.expectSound("activation");
  });

  it("ends cancelled over a crash, and over a cancel of the run", async () => {
    const play = await Play.of(NESTED);
    play.isObedient = false;
    await play.run.cancel({ branch: "main/outer@1/0" });
    await play.crash();
    play.isObedient = true;
    expect(await storyOf(play, "iteration.cancelled")).toContain("iteration.cancelled main/outer@1/0");
    expect(inFlight(play).every((stage) => stage.startsWith("main/outer@1/1/"))).toBe(true);
    await play.run.cancel();
    expect((await play.run.finished()).status).toBe("cancelled");
    await play.expectSound("crash");
  });
});
