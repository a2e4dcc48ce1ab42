/** The live stream over a server that is killed again and again. */
import { describe, expect, it } from "vitest";
import { openFixture } from "./fixture.ts";
import { openPage, waitForStatus } from "./page.ts";
import { TICKING } from "./pipelines.ts";

const fixture = openFixture();

describe("a live stream", () => {
  it("goes on over restarts of the server without losing or repeating an entry", async () => {
    const runId = await fixture.server.start(TICKING);
    const page = await openPage(fixture.browser);
    await page.goto(fixture.at(`#/runs/${runId}/journal`));
    await page.locator(".connection.live").waitFor();
    const shown = () => page.locator(".journal .toolbar").textContent();
    const newest = async () => Number(/(\d+) entries/.exec((await shown()) ?? "")?.[1] ?? 0);
    for (let round = 0; round < 3; round += 1) {
      const before = await newest();
      await fixture.restart();
      await page.waitForFunction(
        (count) =>
          Number(/(\d+) entries/.exec(document.querySelector(".journal .toolbar")?.textContent ?? "")?.[1]) >
          count + 40,
        before,
      );
    }
    await page.getByRole("button", { name: "Pause" }).click();
    await waitForStatus(page, "paused");
    const { seq } = await fixture.server.get<{ seq: number }>(`/runs/${runId}`);
    await page.waitForFunction(
      (count) => document.querySelector(".journal .toolbar")?.textContent?.includes(`${count} entries`),
      seq,
    );
    // Each row from the last back to the first that is in the page: every seq, once.
    const rows = await page.locator(".entry .seq").allTextContents();
    expect(rows.length).toBeGreaterThan(10);
    expect(rows.map(Number)).toEqual(rows.map((_, index) => seq - rows.length + 1 + index));
    await page.locator(".chips button").filter({ hasText: /^run$/ }).click();
    await page.locator(".entry").filter({ hasText: "run.resumed" }).nth(2).waitFor();
  });

  it("that is lost is said, and so is that it is back", async () => {
    const runId = await fixture.server.start(TICKING);
    const page = await openPage(fixture.browser);
    await page.goto(fixture.at(`#/runs/${runId}`));
    await page.locator(".connection.live").waitFor();
    await fixture.server.kill();
    await page.locator(".run-title .connection.lost").filter({ hasText: "reconnecting" }).waitFor();
    await page.locator(".top .connection.lost").waitFor();
    await fixture.restart();
    await page.locator(".connection.live").waitFor();
    await page.locator(".top .connection.lost").waitFor({ state: "detached" });
    await fixture.server.post(`/runs/${runId}/cancel`, {});
    await waitForStatus(page, "cancelled");
  });
});
