/** Many tabs of one browser, which has six connections to a server for all of them together. */
import type { Page, Request } from "playwright-core";
import { describe, expect, it } from "vitest";
import { openFixture } from "./fixture.ts";
import { openPage, openTab, show, waitForStatus } from "./page.ts";
import { HOLDING, TICKING } from "./pipelines.ts";

const fixture = openFixture();

/** The streams that a page holds, as they come and go. */
class Streams {
  readonly #open = new Set<Request>();
  readonly #changed = new Set<() => void>();

  constructor(page: Page) {
    const isStream = (request: Request) => request.headers()["accept"] === "text/event-stream";
    page.on("request", (request) => isStream(request) && this.#change(() => this.#open.add(request)));
    for (const end of ["requestfailed", "requestfinished"] as const)
      page.on(end as "requestfailed", (request) => this.#change(() => this.#open.delete(request)));
  }

  /** Their paths, and from which entry each goes on. */
  get open(): readonly { readonly path: string; readonly from: string | undefined }[] {
    return [...this.#open].map((request) => ({
      path: new URL(request.url()).pathname,
      from: request.headers()["last-event-id"],
    }));
  }

  get paths(): readonly string[] {
    return this.open.map(({ path }) => path).sort();
  }

  async until(count: number): Promise<void> {
    while (this.#open.size !== count) await new Promise<void>((resolve) => this.#changed.add(resolve));
  }

  #change(change: () => void): void {
    change();
    for (const resolve of this.#changed) resolve();
    this.#changed.clear();
  }
}

const startHeld = async (): Promise<string> => {
  const runId = await fixture.server.start(HOLDING);
  await fixture.server.entry(runId, ({ type, stage }) => type === "stage.started" && stage === "main/first@1");
  return runId;
};

describe("a tab", () => {
  it("holds one stream on a run, two on its statecharts, one of the store elsewhere", async () => {
    const [runId, other] = [await startHeld(), await startHeld()];
    const page = await openPage(fixture.browser);
    const streams = new Streams(page);
    await page.goto(fixture.at(`#/runs/${runId}`));
    await page.locator(".connection.live").waitFor();
    expect(streams.paths).toEqual([`/runs/${runId}/events`]);
    await page.keyboard.press("8");
    await page.locator('[data-testid="seen-from"]').filter({ hasText: "Live." }).waitFor();
    expect(streams.paths).toEqual([`/runs/${runId}/events`, `/runs/${runId}/inspect`]);
    await page.goto(fixture.at(`#/runs/${other}`));
    await page.locator("h1").filter({ hasText: other }).waitFor();
    await page.locator(".connection.live").waitFor();
    await streams.until(1);
    expect(streams.paths).toEqual([`/runs/${other}/events`]);
    await page.goto(fixture.at("#/runs"));
    await page.locator("tr", { hasText: runId }).waitFor();
    await streams.until(1);
    expect(streams.paths).toEqual(["/events"]);
    await fixture.server.post(`/runs/${runId}/pause`, {});
    await page.locator("tr", { hasText: runId }).filter({ hasText: "pausing" }).waitFor();
  });

  it("that nobody sees lets its streams go, and goes on without a gap when it is seen again", async () => {
    const runId = await fixture.server.start(TICKING);
    const page = await openPage(fixture.browser);
    const streams = new Streams(page);
    await page.goto(fixture.at(`#/runs/${runId}/journal`));
    await page.locator(".connection.live").waitFor();
    await show(page, "hidden");
    await streams.until(0);
    await fixture.server.post(`/runs/${runId}/pause`, {});
    await fixture.server.entry(runId, ({ type }) => type === "run.paused");
    const { seq } = await fixture.server.get<{ seq: number }>(`/runs/${runId}`);
    const shown = (await page.locator(".journal .toolbar").textContent()) ?? "";
    const before = Number(/(\d+) entries/.exec(shown)?.[1]);
    expect(before).toBeLessThan(seq);

    await show(page, "visible");
    await waitForStatus(page, "paused");
    await page
      .locator(".journal .toolbar")
      .filter({ hasText: `${seq} entries` })
      .waitFor();
    expect(streams.paths).toEqual([`/runs/${runId}/events`]);
    const from = Number(streams.open[0]?.from);
    expect(from).toBeGreaterThanOrEqual(before);
    expect(from).toBeLessThan(seq);
    const rows = (await page.locator(".entry .seq").allTextContents()).map(Number);
    expect(rows).toEqual(rows.map((_, index) => seq - rows.length + 1 + index));
  });

  it("in front of seven others takes commands, and shows at once what they did", async () => {
    const first = await openPage(fixture.browser);
    const problems: string[] = [];
    const tabs: { readonly page: Page; readonly runId: string }[] = [];
    for (let count = 0; count < 8; count += 1) {
      const last = tabs.at(-1);
      if (last) await show(last.page, "hidden");
      const page = count === 0 ? first : await openTab(first.context(), problems);
      const runId = await startHeld();
      tabs.push({ page, runId });
      await page.goto(fixture.at(`#/runs/${runId}/${count % 2 === 0 ? "charts" : ""}`));
      await page.locator(".connection.live").waitFor();
    }
    for (const { page } of tabs.slice(-2).reverse()) {
      for (const other of tabs) if (other.page !== page) await show(other.page, "hidden");
      await show(page, "visible");
      await page.locator(".controls").getByRole("button", { name: "Pause" }).click();
      await waitForStatus(page, "pausing");
      await page.locator('[data-testid="draining"]').filter({ hasText: "first" }).waitFor();
    }
    expect(problems).toEqual([]);
  });
});
