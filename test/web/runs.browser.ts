/** The list of runs: found, counted, and given commands together after a preview. */
import { describe, expect, it } from "vitest";
import { openFixture } from "./fixture.ts";
import { openPage } from "./page.ts";
import { FLAKY, HOLDING } from "./pipelines.ts";

const fixture = openFixture();

describe("the list of runs", () => {
  it("finds runs, counts them as they come, and shows what is new without being asked", async () => {
    const page = await openPage(fixture.browser);
    await page.goto(fixture.at("#/runs"));
    await page.locator(".empty").filter({ hasText: "No runs yet" }).waitFor();
    await fixture.server.start(HOLDING, { runId: "alpha", labels: { team: "docs" } });
    await fixture.server.start(HOLDING, { runId: "beta", labels: { team: "legal" } });
    await fixture.server.start(FLAKY, { runId: "gamma" });
    await page.locator("tr", { hasText: "gamma" }).filter({ hasText: "failed" }).waitFor();
    await page.locator(".chips button").filter({ hasText: "running 2" }).waitFor();
    const rows = page.locator("tbody tr");
    await page.keyboard.press("/");
    await page.keyboard.type("bet");
    await rows.nth(1).waitFor({ state: "detached" });
    expect(await rows.textContent()).toContain("beta");
    await page.getByLabel("Search runs").fill("");
    await page.locator(".chips button").filter({ hasText: "failed" }).click();
    await rows.nth(1).waitFor({ state: "detached" });
    expect(await rows.textContent()).toContain("gamma");
  });

  it("pauses many after showing which, and leaves the others alone", async () => {
    const page = await openPage(fixture.browser);
    await page.goto(fixture.at("#/runs"));
    await page.locator("tr", { hasText: "alpha" }).getByRole("button", { name: "team=docs" }).click();
    await page.locator("tbody tr").nth(1).waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Pause…" }).click();
    const dialog = page.locator("dialog");
    await dialog.getByRole("heading", { name: "Pause 1 run?" }).waitFor();
    expect(await dialog.locator("li").allTextContents()).toEqual([expect.stringContaining("alpha")]);
    await dialog.getByLabel("Reason").fill("window");
    await dialog.getByRole("button", { name: "Pause 1 run" }).click();
    await page.locator("tr", { hasText: "alpha" }).filter({ hasText: "pausing" }).waitFor();
    expect((await fixture.server.get<{ status: string }>("/runs/beta")).status).toBe("running");
  });

  it("cancels those that are selected, and says which would refuse", async () => {
    const page = await openPage(fixture.browser);
    await page.goto(fixture.at("#/runs"));
    await page.getByLabel("Select all that are listed").check();
    await page.getByRole("button", { name: "Cancel…" }).click();
    const dialog = page.locator("dialog");
    await dialog.getByRole("heading", { name: "Cancel 2 runs?" }).waitFor();
    await dialog.locator("li.against").filter({ hasText: "gamma" }).filter({ hasText: "it is failed" }).waitFor();
    await dialog.getByRole("button", { name: "Cancel 2 runs" }).click();
    for (const run of ["alpha", "beta"])
      await page.locator("tr", { hasText: run }).filter({ hasText: "cancelled" }).waitFor();
  });

  it("pages to older runs", async () => {
    for (let index = 0; index < 55; index += 1) await fixture.server.start(FLAKY, { runId: `many-${index}` });
    const page = await openPage(fixture.browser);
    await page.goto(fixture.at("#/runs"));
    await page.locator("tbody tr").nth(49).waitFor();
    await page.getByRole("button", { name: "Older runs" }).click();
    await page.locator("tr", { hasText: "alpha" }).waitFor();
    await page.getByRole("button", { name: "Older runs" }).waitFor({ state: "detached" });
  });
});
