/** Pipelines before they run: what is wrong with them, and what keeps a run from being started. */
import { describe, expect, it } from "vitest";
import { pipeline, play } from "./play.ts";

const TEXTS: Readonly<Record<string, string>> = {
  sound: pipeline("a; start -> a -> exit"),
  "with warnings": pipeline("a [colour=red]; start -> a -> exit; start -> b; b -> exit"),
  "not DOT": "digraph broken { start -> ",
  "not text": "\\u0000 ?",
  "without a start": "digraph g { a -> exit; exit [shape=Msquare] }",
  "with errors": pipeline('a [max_retries=many]; b; start -> a -> exit [condition="is not one"]; a -> a; nowhere -> b'),
  "with a child that is not there": pipeline('sub [type=pipeline, child="missing.dot"]; start -> sub -> exit'),
  "with a prompt from a file that is not there": pipeline(
    'a [type=codergen, prompt="@missing.md"]; start -> a -> exit',
  ),
  "of a type that nobody does": pipeline("a [type=magic]; start -> a -> exit"),
};

describe("a pipeline", () => {
  it.each(Object.entries(TEXTS))("%s is judged alike, before and at its start", async (_what, source) => {
    await play(async ({ door }) => {
      const judged = await door.validate(source);
      const started = await door.start(source, { runId: "one" });
      if (started.code === "ok") {
        await door.finished("one");
        await door.view("one");
      } else {
        expect(["pipeline_invalid", "handler_missing"]).toContain(started.code);
        expect((await door.list()).value).toEqual({ runs: [] });
      }
      // What is wrong beyond the text itself, such as a missing file, shows where it is read.
      if (judged.value["ok"] === false) expect(started.code).not.toBe("ok");
    });
  });
});

it("inputs and labels come as they are given", async () => {
  await play(async ({ door, hands }) => {
    const inputs = {
      text: 'it\'s = "x"\nand a line',
      number: -1.5,
      digits: "42",
      yes: true,
      nothing: null,
      empty: "",
      list: [1, ["two"], { three: null }],
      "a key, with spaces": { deep: { er: [] } },
      ünïcode: "日本 👩‍👩‍👧",
    };
    hands.on("a", ({ inputs: given }) => ({ status: "success", contextUpdates: { same: given as never } }));
    const labels = { team: "a=b", "with space": "", ü: "日本" };
    expect((await door.start(TEXTS["sound"] as string, { runId: "one", inputs, labels })).code).toBe("ok");
    await door.finished("one");
    expect((await door.view("one")).value).toMatchObject({ inputs, labels });
    expect((await door.context("one")).value).toMatchObject({
      "inputs.digits": "42",
      "inputs.number": -1.5,
      same: inputs,
    });
    await door.list({ labels: { team: "a=b" } });
  });
});

it("what a fork may be given, and what it may not", async () => {
  await play(async ({ door }) => {
    await door.start(TEXTS["sound"] as string, { runId: "one", labels: { team: "x" } });
    await door.finished("one");
    const asked = [
      await door.fork("one", { runId: "two" }),
      await door.fork("one", { runId: "two", at: "main/nowhere@1" }),
      await door.fork("one", { runId: "two", at: "main/a@7" }),
      await door.fork("one", { runId: "two", at: 1_000_000 }),
      await door.fork("one", { runId: "three", at: "main/a@1", context: { k: { v: [1] } }, labels: { of: "one" } }),
    ];
    expect(asked.map(({ code }) => code)).toEqual(["run_finished", "usage", "usage", "run_finished", "ok"]);
    await door.view("three");
    await door.context("three");
  });
});
