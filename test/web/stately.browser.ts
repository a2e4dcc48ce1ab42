/** The page of the bridge, with a page in the inspector's place that connects as the inspector does. */
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { createRuntime } from "../../src/index.ts";
import { openStatelyBridge } from "../../src/inspect/index.ts";
import { launchBrowser } from "./browser.ts";

const HELLO = `digraph hello {
  start [shape=Mdiamond]
  work  [type=step]
  exit  [shape=Msquare]
  start -> work -> exit
}`;

/** Lists what it is told. Says that it listens, as the inspector does, to whoever frames it. */
const INSPECTOR = `<!doctype html><ol></ol><button>again</button><script>
const list = document.querySelector("ol");
addEventListener("message", ({ data }) => {
  const item = document.createElement("li");
  item.textContent = data.type + " " + data.sessionId + " " + data.snapshot?.status;
  list.append(item);
});
const connect = () => parent.postMessage({ type: "@statelyai.connected" }, "*");
document.querySelector("button").onclick = () => { list.replaceChildren(); connect(); };
connect();
</script>`;

/** Frames the bridge's page and connects in the inspector's name. */
const thief = (url: string) => `<!doctype html><iframe src="${url}"></iframe><p></p><script>
addEventListener("message", () => { document.querySelector("p").textContent = "stolen"; });
document.querySelector("iframe").onload = ({ target }) => {
  target.contentWindow.postMessage({ type: "@statelyai.connected" }, "*");
  document.title = "tried";
};
</script>`;

let browser: Browser;

beforeAll(async () => {
  browser = await launchBrowser();
});

afterAll(async () => await browser?.close());

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

async function open() {
  const asked: (string | undefined)[] = [];
  const inspectorUrl = await serve((request, response) => {
    asked.push(request.headers.referer);
    response.setHeader("content-type", "text/html").end(INSPECTOR);
  });
  const bridge = await openStatelyBridge({ inspectorUrl });
  onTestFinished(() => bridge.close());
  const hold = Promise.withResolvers<void>();
  const runtime = await createRuntime({ handlers: { step: () => hold.promise }, inspect: bridge.inspect });
  onTestFinished(() => runtime.stop({ graceMs: 0 }));
  const page: Page = await browser.newPage();
  onTestFinished(() => page.close());
  const problems: string[] = [];
  page.on("pageerror", ({ message }) => problems.push(message));
  page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
  return { asked, bridge, hold, runtime, page, problems };
}

it("hands the inspector what was, what comes and, when it connects again, all of it; and leaks its address to nobody", async () => {
  const { asked, bridge, hold, runtime, page, problems } = await open();
  const run = await runtime.start(HELLO, { runId: "r" });
  await page.goto(bridge.url);
  const told = page.frameLocator("#inspector").locator("li");
  await told.filter({ hasText: "@xstate.actor r stage:main/work@1 active" }).waitFor();
  hold.resolve();
  await run.finished();
  await told.filter({ hasText: "@xstate.snapshot r run done" }).waitFor();
  const all = await told.allTextContents();
  expect(all[0]).toBe("@xstate.actor r run active");
  await page.frameLocator("#inspector").getByRole("button").click();
  await told.filter({ hasText: "@xstate.snapshot r run done" }).waitFor();
  expect(await told.allTextContents()).toEqual(all);
  await runtime.stop();
  await page.getByRole("status").filter({ hasText: "ended" }).waitFor();
  expect(asked).toEqual([undefined]);
  expect(problems).toEqual([]);
});

it("is framed by no other page, which is told nothing", async () => {
  const { bridge, runtime, page } = await open();
  await runtime.start(HELLO, { runId: "r" });
  const url = await serve((_request, response) => {
    response.setHeader("content-type", "text/html").end(thief(bridge.url));
  });
  await page.goto(url);
  await page.waitForFunction(
    () => (globalThis as unknown as { document: { title: string } }).document.title === "tried",
  );
  expect(page.frames().map((frame) => frame.url())).not.toContain(bridge.url);
  expect(await page.locator("p").textContent()).toBe("");
});
