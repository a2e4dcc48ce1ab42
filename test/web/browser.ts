/** Debian's Chromium, driven by Playwright without a browser of its own. */
import { existsSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";

const PLACES = [process.env["CHROMIUM"], "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export async function launchBrowser(): Promise<Browser> {
  const executablePath = PLACES.find((path) => path !== undefined && existsSync(path));
  if (executablePath === undefined) {
    throw new Error("no Chromium: `npm run test:web -- --install` installs Debian's, CHROMIUM names another");
  }
  return await chromium.launch({ executablePath, args: FLAGS });
}

/** A page whose errors fail the test that opened it; `problems` holds what the browser said. */
export async function openPage(
  browser: Browser,
  options: Parameters<Browser["newContext"]>[0] = {},
): Promise<{ readonly page: Page; readonly problems: string[] }> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    reducedMotion: "reduce",
    ...options,
  });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => {
    // A server that was killed on purpose, and an answer that is a refusal, are no faults of the page.
    const isNetwork = /net::ERR|Failed to load resource/.test(message.text());
    if (message.type() === "error" && !isNetwork) problems.push(message.text());
  });
  return { page, problems };
}
