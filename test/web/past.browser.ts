/** The run as it was, at any entry; and its journal, context, timeline and statecharts. */
import { describe, expect, it } from "vitest";
import { openFixture } from "./fixture.ts";
import { openPage, waitForStatus } from "./page.ts";
import { FLAKY, HOLDING, TALKING } from "./pipelines.ts";

const fixture = openFixture();

describe("the past of a run", () => {
  it("is shown at the slider's place, and nothing can be commanded there", async () => {
    const runId = await fixture.server.start(FLAKY);
    await fixture.server.entry(runId, ({ type }) => type === "run.failed");
    const page = await openPage(fixture.browser);
    await page.goto(fixture.at(`#/runs/${runId}`));
    await waitForStatus(page, "failed");
    await page.locator('g.node[data-name="tests"].s-failed').waitFor();
    const { events } = await fixture.server.get<{ events: { type: string; turn: number }[] }>(`/runs/${runId}/events`);
    const retried = events.find(({ type }) => type === "stage.retry_scheduled")?.turn as number;
    await page.locator('input[type="range"]').fill(String(retried));
    await page
      .locator(".banner.past")
      .filter({ hasText: String(retried) })
      .waitFor();
    await waitForStatus(page, "running");
    await page.locator('g.node[data-name="smoke"].s-backing_off').waitFor();
    await page.locator('g.node[data-name="tests"].s-none').waitFor();
    expect(await page.getByRole("button", { name: "Pause" }).isDisabled()).toBe(true);
    await page.keyboard.press("l");
    await waitForStatus(page, "failed");
  });

  it("is told in whole turns, a step at a time", async () => {
    const runId = await fixture.server.start(FLAKY);
    await fixture.server.entry(runId, ({ type }) => type === "run.failed");
    const page = await openPage(fixture.browser);
    await page.goto(fixture.at(`#/runs/${runId}`));
    await waitForStatus(page, "failed");
    const { events } = await fixture.server.get<{ events: { seq: number; turn: number }[] }>(`/runs/${runId}/events`);
    const turns = [...new Set(events.map(({ turn }) => turn))];
    await page.keyboard.press("[");
    await page
      .locator(".banner.past")
      .filter({ hasText: String(turns.at(-2)) })
      .waitFor();
    // In the middle of a turn: what is shown is the end of the one before.
    const inside = events.find(({ seq, turn }) => seq !== turn && seq > (turns[0] as number))?.seq as number;
    const before = turns.filter((turn) => turn < inside).at(-1);
    await page.goto(fixture.at(`#/runs/${runId}?at=${inside}`));
    await page
      .locator(".banner.past b")
      .filter({ hasText: new RegExp(`^${before}$`) })
      .waitFor();
  });

  it("has its context with where each value comes from", async () => {
    const runId = await fixture.server.start(FLAKY);
    await fixture.server.entry(runId, ({ type }) => type === "run.failed");
    const page = await openPage(fixture.browser);
    await page.goto(fixture.at(`#/runs/${runId}/context`));
    await page.getByRole("button", { name: "build.done" }).click();
    await page.locator("aside").filter({ hasText: "main/build@1" }).waitFor();
  });

  it("has a bar for every attempt in the timeline", async () => {
    const runId = await fixture.server.start(FLAKY);
    await fixture.server.entry(runId, ({ type }) => type === "run.failed");
    const page = await openPage(fixture.browser);
    await page.goto(fixture.at(`#/runs/${runId}/timeline`));
    const smoke = page.locator(".gantt-row", { has: page.getByRole("link", { name: "smoke" }) });
    await smoke.locator(".bar").nth(2).waitFor();
    expect(await smoke.locator(".bar.s-retried").count()).toBe(2);
  });
});

describe("a run that goes on", () => {
  it("lights the states of its actors", async () => {
    const runId = await fixture.server.start(HOLDING);
    await fixture.server.entry(runId, ({ type, stage }) => type === "stage.started" && stage === "main/first@1");
    const page = await openPage(fixture.browser);
    await page.goto(fixture.at(`#/runs/${runId}/charts`));
    await page.locator('g.node.lit[data-id="run.control.running"]').waitFor();
    await page.locator(".actor-row").filter({ hasText: "stage first" }).click();
    await page.locator('g.node.lit[data-id="stage.execution.executing"]').waitFor();
    await fixture.server.post(`/runs/${runId}/pause`, {});
    await page.locator('g.node.lit[data-id="stage.control.pausing"]').waitFor();
    // Before the pause the same actor was in another state, and is shown in it.
    const { events } = await fixture.server.get<{ events: { seq: number; type: string }[] }>(`/runs/${runId}/events`);
    const pausing = events.find(({ type }) => type === "run.pausing")?.seq ?? 0;
    await page.goto(fixture.at(`#/runs/${runId}/charts?at=${pausing - 1}&actor=stage:main/first@1`));
    await page.locator('g.node.lit[data-id="stage.control.running"]').waitFor();
    await page.getByRole("heading", { name: "Actors then live" }).waitFor();
    fixture.server.release("first");
  });

  it("shows what a tool prints while it prints it", async () => {
    const runId = await fixture.server.start(TALKING);
    const page = await openPage(fixture.browser);
    await page.goto(fixture.at(`#/runs/${runId}?node=talk`));
    const output = page.locator(".output");
    await output.filter({ hasText: "line 1" }).filter({ hasText: "live" }).waitFor();
    await output.filter({ hasText: "line 6" }).waitFor();
    await waitForStatus(page, "completed");
  });
});
