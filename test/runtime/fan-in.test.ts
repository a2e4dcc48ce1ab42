/** A fan-in as the join of branches that have really run. */
import { expect, it } from "vitest";
import { simulateBackend } from "../../src/index.ts";
import { memoryStore } from "../../src/persistence/memory/index.ts";
import { EagerClock } from "./eager-clock.ts";
import { entryOf, openMortal, openRuntime, perNode, pipeline, type Step } from "./fixtures.ts";

const CHOICE = (attributes = "", more = "") =>
  pipeline(`fan [type=parallel]; pick [type="parallel.fan_in" ${attributes}]; start -> fan; fan -> a -> pick;
    fan -> b -> pick; fan -> c -> pick; pick -> after -> exit; ${more}`);

const says =
  (text: string, score: number, status = "success"): Step =>
  () => ({ status, notes: `I say ${text}`, contextUpdates: { text, score } });

const STEPS = { a: says("A", 1), b: says("B", 3), c: says("C", 9, "fail") };

it("takes the keys of the best branch into the path behind the join", async () => {
  const seen: unknown[] = [];
  const after: Step = ({ context }) => void seen.push(context.get("text"), context.get("parallel.winner"));
  const runtime = await openRuntime({ handlers: { step: perNode({ ...STEPS, after }) } });
  const run = await runtime.start(CHOICE(), { runId: "r" });
  expect((await run.finished()).status).toBe("completed");
  expect(seen).toEqual(["B", "b"]);
  const pick = (await run.view()).stages.find(({ node }) => node === "pick");
  expect(pick?.notes).toBe("The best of 3 is b (branch 1): success with score 3.");
  expect((await runtime.verify("r")).problems).toEqual([]);
});

it("asks the backend, and asks it the same again when a crash has cut off its answer", async () => {
  const prompts: string[] = [];
  const simulated = simulateBackend({ script: { pick: ["B is louder, A is better.\na"] } });
  const codergen = {
    ...simulated,
    run: (request: Parameters<typeof simulated.run>[0]) => {
      prompts.push(request.prompt);
      return prompts.length === 1 ? new Promise<never>(() => {}) : simulated.run(request);
    },
  };
  const store = memoryStore();
  const clock = new EagerClock();
  const handlers = { step: perNode(STEPS) };
  const first = await openMortal(store, clock, { handlers, codergen });
  const source = CHOICE(', prompt="Which is better?"');
  await entryOf(await first.runtime.start(source, { runId: "r" }), "stage.started", "main/pick@1");
  first.kill();
  const next = await openRuntime({ store, clock, handlers, codergen });
  const run = await next.resume("r");
  expect((await run.finished()).status).toBe("completed");
  expect(await run.context()).toMatchObject({ text: "A", "parallel.winner": "a" });
  expect(prompts).toHaveLength(2);
  expect(prompts[1]).toBe(prompts[0]);
  expect(prompts[0]).toMatch(
    /^Which is better\?\n\nCandidates:\n- a \(0\): .*I say A.*\n- b \(1\): .*I say B.*\n\nSay/,
  );
  const stage = (await run.view()).stages.find(({ node }) => node === "pick");
  expect(stage?.attempts.at(-1)).toMatchObject({ n: 1, execution: "main/pick@1#1.2", rerun: true });
});

it("fails where a failed join was led to it: no branch has succeeded", async () => {
  const runtime = await openRuntime({ handlers: { step: () => ({ status: "fail", failureReason: "broken" }) } });
  const run = await runtime.start(CHOICE("", 'fan -> pick [condition="outcome=fail"]'), { runId: "r" });
  const view = await run.finished();
  expect(view.status).toBe("failed");
  expect(view.stages.at(-1)).toMatchObject({ node: "pick", failureReason: expect.stringMatching(/^no_candidates/) });
});
