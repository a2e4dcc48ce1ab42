import { join } from "node:path";
import { expect, it } from "vitest";
import { createRuntime } from "../../src/index.ts";
import { openStore, temporaryFolder } from "../persistence/temporary.ts";
import { startDriver, textOf, until } from "./children.ts";
import { ITEMS, WINDOW } from "./pipelines.ts";

const countedIn = (trace: string): number[] => textOf(trace).trim().split("\n").map(Number);

it("10,000 items, paused in the middle, killed and taken up again: each has its effect once, results in order", async () => {
  const folder = temporaryFolder();
  const path = join(folder, "runs.db");
  const trace = join(folder, "items");
  const first = startDriver([path, "15000", "start", "items"], { ITEM_TRACE: trace });
  await first.said(/^drives items/);
  await until(() => countedIn(trace).length > ITEMS / 3);
  const store = openStore(path);
  const runtime = await createRuntime({ store });
  const run = await runtime.get("items");
  const { accepted, draining } = await run.pause({ reason: "lunch" });
  expect([accepted, draining.length <= WINDOW]).toEqual([true, true]);
  const counted = countedIn(trace).length;
  await run.settled("paused");
  const atPause = countedIn(trace);
  expect(atPause.length - counted).toBeLessThanOrEqual(WINDOW);
  const [container] = (await run.view()).containers;
  // Iterations whose work is done end on continue: pausing decides nothing.
  const completed = atPause.length - WINDOW;
  expect(container).toMatchObject({ kind: "foreach", total: ITEMS, completed, inFlight: WINDOW, failed: 0 });
  first.process.kill("SIGKILL");
  expect(await first.ended).toBe("SIGKILL");
  expect(countedIn(trace)).toEqual(atPause);
  expect(await run.continue()).toMatchObject({ accepted: true, needs: "resume" });
  const second = startDriver([path, "15000", "resume", "items"], { ITEM_TRACE: trace });
  expect(await second.ended).toBe(0);
  const items = Array.from({ length: ITEMS }, (_, index) => index);
  expect(countedIn(trace).sort((a, b) => a - b)).toEqual(items);
  const view = await run.view();
  expect(view.status).toBe("completed");
  const results = (await run.context())["foreach.each.results"];
  expect(results).toEqual(items.map((index) => ({ index, status: "success", notes: null, value: index * 2 })));
  expect(await runtime.verify("items")).toMatchObject({ ok: true });
  await runtime.stop();
}, 120_000);
