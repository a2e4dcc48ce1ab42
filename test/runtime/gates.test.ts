import { describe, expect, it } from "vitest";
import type { EntryData } from "../../src/journal/catalogue.ts";
import type { Run, Runtime } from "../../src/runtime/api.ts";
import { createWorld, type World } from "./control-world.ts";

const gate = (attributes: string, edges = 'ask -> yes [label="[Y] Yes"]\n ask -> no [label="[N] No"]') => `digraph g {
  start [shape=Mdiamond]
  ask [shape=hexagon, label="Ship it?"${attributes === "" ? "" : `, ${attributes}`}]
  yes [prompt=yes]
  no [prompt=no]
  exit [shape=Msquare]
  start -> ask
  ${edges}
  yes -> exit
  no -> exit
}`;

async function asked(pipeline: string, world: World = createWorld()) {
  const runtime = await world.runtime();
  const run = await runtime.start(pipeline, { runId: "g1" });
  await world.rest();
  return { world, runtime, run, question: (await run.questions())[0]?.question as unknown as EntryData<"gate.opened"> };
}

describe("a question", () => {
  it.each([
    ["", undefined, "yes_no", ["Y", "N"]],
    ["human.kind=confirmation", undefined, "confirmation", ["Y", "N"]],
    ["human.kind=multi_select", undefined, "multi_select", ["Y", "N"]],
    ["human.kind=freeform", "ask -> yes\n yes -> no", "freeform", ["Y"]],
    ["", "ask -> yes\n yes -> no", "confirmation", ["Y"]],
    ["", "ask -> yes [label=Go]\n ask -> no [label=Gone]", "multiple_choice", ["G", "1"]],
    ["", 'ask -> yes [label=Go]\n ask -> no [label="[G] Gone"]', "multiple_choice", ["1", "G"]],
    [
      "",
      'ask -> yes [label=Go]\n ask -> no [label=Gone]\n ask -> exit [condition="outcome=retry"]',
      "multiple_choice",
      ["G", "1"],
    ],
  ])("with %j and the edges %j is %s with the keys %j", async (attributes, edges, kind, keys) => {
    const { question } = await asked(gate(attributes, edges));
    expect(question).toMatchObject({ gate: "main/ask@1", kind, purpose: "gate", text: "Ship it?" });
    expect(question.options.map(({ key }) => key)).toEqual(keys);
  });
});

describe("an answer", () => {
  it("is validated, routed, and recorded with who gave it", async () => {
    const { world, run } = await asked(gate(""));
    expect(await run.answer("main/ask@1", "perhaps")).toMatchObject({ accepted: false, code: "answer_invalid" });
    expect(await run.answer("main/nowhere@1", "Y")).toMatchObject({ accepted: false, code: "gate_not_found" });
    expect(await run.answer("main/ask@1", "n", { actor: "ada" })).toMatchObject({ accepted: true, changed: true });
    await world.call("no");
    const [entry] = await world.store.read("journal", { runId: run.id, types: ["gate.answered"] });
    expect(entry).toMatchObject({ data: { by: "ada", answer: "n", choice: "N" }, cause: { actor: "ada" } });
    expect(await run.context()).toMatchObject({ "human.gate.selected": "N", "human.gate.label": "No" });
    expect(await run.questions()).toEqual([]);
  });

  it("that comes second is told who gave the first, what it was and when", async () => {
    const { world, runtime, run } = await asked(gate(""));
    const at = new Date(world.clock.now()).toISOString();
    await run.answer("main/ask@1", "Y", { actor: "ada" });
    await world.clock.advance(60_000);
    const hint = `gate main/ask@1 was answered "Y" by ada at ${at}`;
    expect(await run.answer("main/ask@1", "N")).toMatchObject({ accepted: false, code: "gate_answered", hint });
    await world.clock.runUntil(runtime.stop({ graceMs: 0 }));
    const next = await world.runtime();
    expect(await (await next.get(run.id)).answer("main/ask@1", "N")).toMatchObject({ code: "gate_answered", hint });
    const taken = await next.resume(run.id);
    expect(await taken.answer("main/ask@1", "N")).toMatchObject({ code: "gate_answered", hint });
    expect((await world.types(run)).filter((type) => type === "gate.answered")).toHaveLength(1);
  });

  it("of two that come at once, one counts", async () => {
    const { run } = await asked(gate(""));
    const results = await Promise.all(["Y", "N", "Y"].map((answer) => run.answer("main/ask@1", answer)));
    expect(results.filter(({ accepted }) => accepted)).toHaveLength(1);
    expect(results.filter(({ code }) => code === "gate_answered")).toHaveLength(2);
  });

  it("while paused is recorded and held", async () => {
    const { world, run } = await asked(gate(""));
    await run.pause();
    expect(await run.answer("main/ask@1", "Y")).toMatchObject({ accepted: true, before: "paused", after: "paused" });
    await world.rest();
    expect(world.calls).toEqual([]);
    expect(await run.view()).toMatchObject({ status: "paused", waitingOn: [] });
    await run.continue();
    expect((await world.call("yes")).node).toBe("yes");
  });

  it("while cancelling is refused, and the gate is withdrawn", async () => {
    const world = createWorld();
    const runtime = await world.runtime();
    const run = await runtime.start(gate(""), { runId: "g2" });
    await world.rest();
    await run.cancel();
    expect(await run.answer("main/ask@1", "Y")).toMatchObject({ accepted: false, code: "run_cancelled" });
    expect(await world.types(run)).toContain("gate.withdrawn");
  });
});

describe("a deadline", () => {
  const withDeadline = gate('human.timeout="60s", human.default_choice="N"');

  it("takes the default choice, on the run's clock", async () => {
    const { world, run, question } = await asked(withDeadline);
    expect(question).toMatchObject({ defaultChoice: "N", deadlineMs: 60_000 });
    await world.clock.advance(59_999);
    expect(await run.questions()).toHaveLength(1);
    await world.clock.advance(1);
    await world.call("no");
    expect(await world.types(run)).toContain("gate.timed_out");
    const late = await run.answer("main/ask@1", "Y");
    expect(late).toMatchObject({ code: "gate_answered", hint: expect.stringContaining("took its default choice N") });
  });

  it("without a default choice is the outcome retry, which no edge here tests: it fails", async () => {
    const { world, run } = await asked(gate('human.timeout="60s"'));
    await world.clock.advance(60_000);
    expect((await run.view()).status).toBe("failed");
    expect(await world.types(run)).toContain("gate.timed_out");
  });

  it("with an edge for outcome=retry is a way on", async () => {
    const edges = 'ask -> yes [label=Yes]\n ask -> no [condition="outcome=retry"]';
    const { world } = await asked(gate('human.timeout="60s"', edges));
    await world.clock.advance(60_000);
    expect((await world.call("no")).node).toBe("no");
  });

  it("stands still while the run is paused, and has the same id and the time that was left after a restart", async () => {
    const { world, runtime, run } = await asked(withDeadline);
    await world.clock.advance(20_000);
    await run.pause();
    await world.clock.advance(3_600_000);
    await runtime.stop({ graceMs: 0 });
    await world.clock.advance(3_600_000);
    const taken = await takenUp(world, run);
    await world.clock.advance(3_600_000);
    expect((await taken.questions()).map(({ gate: id }) => id)).toEqual(["main/ask@1"]);
    await taken.continue();
    await world.clock.advance(39_999);
    expect(await taken.questions()).toHaveLength(1);
    await world.clock.advance(1);
    expect((await world.call("no")).node).toBe("no");
  });

  it("that passed while nobody drove the run counts when somebody does, once", async () => {
    const { world, runtime, run } = await asked(withDeadline);
    await runtime.stop({ graceMs: 0 });
    await world.clock.advance(3_600_000);
    expect(await run.questions()).toHaveLength(1);
    await takenUp(world, run);
    await world.call("no");
    expect((await world.types(run)).filter((type) => type === "gate.timed_out")).toHaveLength(1);
  });
});

async function takenUp(world: World, run: Run): Promise<Run> {
  const runtime: Runtime = await world.runtime();
  const taken = await runtime.resume(run.id);
  await world.rest();
  return taken;
}
