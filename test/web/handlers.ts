/** Handlers of the server that the browser tests look at. What waits is let go by the test, over the process's channel. */
import { setTimeout as sleep } from "node:timers/promises";
import type { HandlerFunction } from "safepoint";

const released = new Set<string>();
const waiting = new Map<string, () => void>();

process.on("message", (message: { readonly release?: string }) => {
  if (message.release === undefined) return;
  released.add(message.release);
  waiting.get(message.release)?.();
});

/** Until the test lets a node of this name go, or it is aborted. */
const hold: HandlerFunction = ({ node, signal }) =>
  new Promise((resolve) => {
    const done = () => resolve({ status: signal.aborted ? "fail" : "success" });
    if (released.has(node.id)) done();
    waiting.set(node.id, done);
    signal.addEventListener("abort", done);
  });

const work: HandlerFunction = async ({ node, signal }) => {
  await sleep(Number(node.attributes["ms"] ?? 20), undefined, { signal });
  return { status: "success" };
};

const step: HandlerFunction = async ({ node }) => ({
  status: "success",
  contextUpdates: { [`${node.id}.done`]: true },
});

/** Once more than the round before. */
const practise: HandlerFunction = async ({ context }) => {
  return { status: "success", contextUpdates: { practised: Number(context.get("work.index")) + 1 } };
};

const item: HandlerFunction = async ({ context }) => {
  const index = Number(context.get("work.index"));
  // A few fail, so that the squares have more than one colour.
  return index % 997 === 5
    ? { status: "fail", failureReason: `item ${index} is not to be had` }
    : { status: "success" };
};

const flaky: HandlerFunction = async ({ attempt }) =>
  attempt < 3 ? { status: "retry", failureReason: "the port was taken" } : { status: "success" };

const broken: HandlerFunction = async () => ({ status: "fail", failureReason: "exit code 1: three tests failed" });

const say: HandlerFunction = async ({ artifacts }) => {
  await artifacts.write("report.md", "# Report\n\nAll is well.\n", { mediaType: "text/markdown" });
  return { status: "success", notes: "One page, three findings." };
};

export const handlers = { hold, work, step, practise, item, flaky, broken, say };
