/** A form for every kind of question. */
import { describe, expect, it } from "vitest";
import { openFixture } from "./fixture.ts";
import { openPage, waitForStatus } from "./page.ts";
import { GATES } from "./pipelines.ts";

const fixture = openFixture();

describe("questions", () => {
  it("of every kind are answered in the page, and the run goes on each time", async () => {
    const runId = await fixture.server.start(GATES);
    const page = await openPage(fixture.browser);
    await page.goto(fixture.at(`#/runs/${runId}/questions`));
    const form = (kind: string) => page.locator(`[data-testid="question-${kind}"]`);
    await form("yes_no").getByRole("button", { name: "Yes" }).click();
    await form("confirmation").getByRole("button", { name: "Understood" }).click();
    await form("multiple_choice").getByRole("button", { name: "Both" }).click();
    await form("multi_select").getByLabel("The team").check();
    await form("multi_select").getByLabel("Customers").check();
    await form("multi_select").getByRole("button", { name: "Choose these" }).click();
    await form("freeform").getByLabel("Answer").fill("Shipped, and nothing broke.");
    await form("freeform").getByRole("button", { name: "Answer" }).click();
    await waitForStatus(page, "completed");
    const events = await fixture.server.get<{ events: { data: { by: string; answer: unknown } }[] }>(
      `/runs/${runId}/events?type=gate.answered`,
    );
    expect(events.events.map(({ data }) => data.answer)).toEqual([
      "Y",
      expect.anything(),
      "B",
      ["T", "C"],
      "Shipped, and nothing broke.",
    ]);
    expect(new Set(events.events.map(({ data }) => data.by))).toEqual(new Set(["dashboard"]));
  });

  it("of all runs are in the inbox, with their number beside its name", async () => {
    await fixture.server.start(GATES, { runId: "inbox-1" });
    await fixture.server.start(GATES, { runId: "inbox-2" });
    const page = await openPage(fixture.browser);
    await page.goto(fixture.at("#/questions"));
    await page.locator("article.question").nth(1).waitFor();
    await page.locator(".top .count").filter({ hasText: "2" }).waitFor();
    const first = page.locator("section", { has: page.getByRole("link", { name: "inbox-1" }) });
    await first.getByRole("button", { name: "No" }).click();
    await page.locator(".top .count").filter({ hasText: "1" }).waitFor();
    await page.goto(fixture.at("#/runs/inbox-1"));
    await waitForStatus(page, "completed");
  });

  it("of a paused run take answers, and hold what follows", async () => {
    const runId = await fixture.server.start(GATES);
    await fixture.server.entry(runId, ({ type }) => type === "gate.opened");
    await fixture.server.post(`/runs/${runId}/pause`, {});
    const page = await openPage(fixture.browser);
    await page.goto(fixture.at(`#/runs/${runId}/questions`));
    await page.getByRole("button", { name: "No" }).click();
    await page.locator('[data-testid="held"]').filter({ hasText: "ship" }).waitFor();
    await waitForStatus(page, "paused");
    await page.getByRole("button", { name: "Continue" }).click();
    await waitForStatus(page, "completed");
  });
});
