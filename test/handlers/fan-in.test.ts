import { describe, expect, it } from "vitest";
import type { CodergenBackend, CodergenReply } from "../../src/actors/handlers/backend.ts";
import { builtinHandlers } from "../../src/actors/handlers/builtin.ts";
import { createFanIn } from "../../src/actors/handlers/fan-in.ts";
import { runHandler } from "../../src/actors/handlers/run-handler.ts";
import type { JsonValue } from "../../src/graph/index.ts";
import { parsePipeline } from "../../src/graph/parser.ts";
import { FAN_IN_CANDIDATE_CHARS_MAX } from "../../src/limits.ts";
import { fakeExecution } from "./fake-execution.ts";

/** Two fan-outs that meet in `pick`, and one that does not. */
const graph = parsePipeline(`digraph {
  start [shape=Mdiamond]; exit [shape=Msquare]; one [shape=component]; two [shape=component]; three [shape=component]
  pick [shape=tripleoctagon]; other [shape=tripleoctagon]
  start -> one; one -> a -> pick; one -> b -> pick; start -> two; two -> c -> pick; two -> d -> pick
  pick -> three; three -> e -> other; three -> f -> other; other -> exit
}`);

const branch = (id: string, index: number, status = "success", context: Record<string, JsonValue> = {}) => {
  return { id, index, status, notes: `${id} was here`, outcome: { status }, context };
};

function answering(reply: CodergenReply) {
  const prompts: string[] = [];
  const backend: CodergenBackend = {
    name: "answering",
    sessions: true,
    run({ prompt }) {
      prompts.push(prompt);
      return reply;
    },
  };
  return { backend, prompts };
}

const silent = answering("nothing").backend;

async function pick(context: Record<string, JsonValue>, asked: { prompt?: string; backend?: CodergenBackend } = {}) {
  const fake = fakeExecution({
    node: { id: "pick", type: "parallel.fan_in" },
    attributes: asked.prompt === undefined ? {} : { prompt: asked.prompt },
    context,
  });
  const { outcome } = await runHandler(createFanIn(asked.backend ?? silent), { ...fake.input, graph });
  return { ...outcome, winner: outcome.contextUpdates?.["parallel.winner"], fake };
}

const winnerOf = async (...results: JsonValue[]) => (await pick({ "parallel.results": results })).winner;

describe("a fan-in without a prompt", () => {
  it("is a handler that ships", () => {
    expect(Object.keys(builtinHandlers())).toContain("parallel.fan_in");
  });

  it("takes success and words of one's own before partial successes, these before skipped branches", async () => {
    expect(await winnerOf(branch("a", 0, "partial_success"), branch("b", 1, "fail"), branch("c", 2))).toBe("c");
    expect(await winnerOf(branch("a", 0, "partial_success"), branch("b", 1, "needs_polish"))).toBe("b");
    expect(await winnerOf(branch("a", 0, "skipped"), branch("b", 1, "partial_success"))).toBe("b");
    expect(await winnerOf(branch("a", 0, "fail"), branch("b", 1, "skipped"))).toBe("b");
    expect(await winnerOf(branch("a", 0, "polished"), branch("b", 1))).toBe("a");
  });

  it("goes by the score among equals, the higher first and none the lowest, then by the index", async () => {
    const scored = (id: string, index: number, score: JsonValue) => branch(id, index, "success", { score });
    expect(await winnerOf(scored("a", 0, 1), scored("b", 1, 3), scored("c", 2, 2))).toBe("b");
    expect(await winnerOf(branch("a", 0), scored("b", 1, -4))).toBe("b");
    expect(await winnerOf(scored("b", 1, 5), scored("a", 0, 5))).toBe("a");
    expect(await winnerOf(branch("a", 0), scored("b", 1, "99"))).toBe("a");
    expect(await winnerOf(scored("a", 0, 1), branch("b", 1, "partial_success", { score: 9 }))).toBe("a");
  });

  it("takes on what the winner has changed, and says why it won", async () => {
    const results = [branch("a", 0, "fail", { text: "no" }), branch("b", 1, "success", { text: "yes", score: 0.5 })];
    const { fake: _fake, ...outcome } = await pick({ "parallel.results": results });
    expect(outcome).toEqual({
      status: "success",
      contextUpdates: { text: "yes", score: 0.5, "parallel.winner": "b" },
      notes: "The best of 2 is b (branch 1): success with score 0.5.",
      winner: "b",
    });
  });

  it("fails where no branch has succeeded, naming what there is", async () => {
    const none = await pick({ "parallel.results": [branch("a", 0, "fail"), branch("b", 1, "retry")] });
    expect(none).toMatchObject({
      status: "fail",
      failureReason: "no_candidates: no branch has succeeded: a (fail), b (retry)",
    });
    const nothing = { status: "fail", failureReason: "no_candidates: there are no results of branches" };
    expect(await pick({})).toMatchObject(nothing);
    expect(await pick({ "parallel.results": "gone" })).toMatchObject(nothing);
    expect(
      await pick({ "parallel.results": [null, "a", { id: "a" }, { id: 1, index: 0, status: "x" }] }),
    ).toMatchObject(nothing);
  });
});

describe("the results a fan-in looks at", () => {
  const one = { "parallel.one.results": [branch("a", 0)] };
  const two = { "parallel.two.results": [branch("c", 0)] };
  const three = { "parallel.three.results": [branch("e", 0)] };
  const last = { "parallel.results": [branch("last", 0)] };

  it.each<[string, Record<string, JsonValue>, string]>([
    ["those of the fan-out that led here", { ...one, ...two, ...last, last_stage: "two" }, "c"],
    ["those of the only fan-out that meets here, after a way round", { ...one, ...last, last_stage: "fix" }, "a"],
    ["the last ones where several may be meant", { ...one, ...two, ...last, last_stage: "fix" }, "last"],
    ["the last ones where the fan-out meets elsewhere", { ...three, ...last, last_stage: "three" }, "last"],
    ["the last ones where nothing else is there", { ...last, last_stage: "one" }, "last"],
  ])("are %s", async (_what, context, winner) => {
    expect((await pick(context)).winner).toBe(winner);
  });
});

describe("a fan-in with a prompt", () => {
  const results = [
    branch("a", 0, "success", { text: "A", score: 9 }),
    branch("b", 1, "partial_success", { text: "B" }),
    branch("c", 2, "fail", { text: "C" }),
    branch("1", 3, "success", { text: "one" }),
  ];
  const context = { "parallel.results": results };
  const ask = (reply: CodergenReply) => pick(context, { prompt: "The best?", backend: answering(reply).backend });

  it("shows the backend who may win, and expands nothing of what branches have written", async () => {
    const { backend, prompts } = answering("b");
    const long = branch("b", 1, "success", { text: `$goal ${"x".repeat(2 * FAN_IN_CANDIDATE_CHARS_MAX)}` });
    const { fake } = await pick(
      { "parallel.results": [branch("c", 2, "fail"), long, branch("a", 0)] },
      { prompt: "Best?", backend },
    );
    const lines = (prompts[0] ?? "").split("\n");
    expect(lines.slice(0, 4)).toEqual([
      "Best?",
      "",
      "Candidates:",
      '- a (0): {"status":"success","notes":"a was here","context":{}}',
    ]);
    const rest = prompts[0]?.slice(prompts[0].indexOf("- b (1)")) ?? "";
    expect(rest).toMatch(/^- b \(1\): .*"text":"\$goal x+/);
    expect(rest.indexOf("\n\nSay which one is the best")).toBe(FAN_IN_CANDIDATE_CHARS_MAX);
    expect(fake.artifacts.get("prompt.md")?.text).toBe(prompts[0]);
    expect(fake.artifacts.get("response.md")?.text).toBe("b");
  });

  it.each<[string, CodergenReply, string]>([
    ["an id", "b", "b"],
    ["an id on the last line", "I have read all of them.\na is shallow.\n\n**b**.\n", "b"],
    ["an id behind a word", "Thinking…\nThe winner: `b`", "b"],
    ["an index", "0", "a"],
    ["an id that is a number, before the index of that number", "1", "1"],
    ["a preferred label", { status: "success", preferredLabel: "b", notes: "a" }, "b"],
    [
      "the response, where the label is of an edge",
      { response: "b", outcome: { status: "ok", preferredLabel: "go" } },
      "b",
    ],
  ])("takes %s", async (_what, reply, winner) => {
    const outcome = await ask(reply);
    expect(outcome.winner).toBe(winner);
    expect(outcome.contextUpdates?.["text"]).toBe({ a: "A", b: "B", "1": "one" }[winner]);
    expect(outcome.notes).toContain(`The backend chose ${winner} (branch `);
  });

  it.each(["neither", "", "c", "2", "a or b", "I prefer a\nto all others"])(
    "leaves it to the rank when the answer is %j, and says so",
    async (reply) => {
      const outcome = await ask(reply);
      expect([outcome.status, outcome.winner]).toEqual(["success", "a"]);
      expect(outcome.notes).toContain("The answer of the backend names none of a, 1, b, so the rank decides.");
    },
  );

  it("keeps what the backend says besides: its word, its notes, and what it writes", async () => {
    const said = {
      status: "close_call",
      notes: "hard to say",
      contextUpdates: { text: "mine", "parallel.winner": "x" },
    };
    const outcome = await ask({ response: "b", outcome: said });
    expect(outcome).toMatchObject({ status: "close_call", notes: "The backend chose b (branch 1).\nhard to say" });
    expect(outcome.contextUpdates).toMatchObject({ text: "mine", "parallel.winner": "b", last_response: "b" });
  });

  it("fails and is tried again as the backend says, and chooses nothing", async () => {
    expect(await ask({ status: "fail", failureReason: "no quota" })).toMatchObject({
      status: "fail",
      failureReason: "no quota",
    });
    expect((await ask({ status: "retry" })).winner).toBeUndefined();
  });

  it("does not ask where nothing may win", async () => {
    const { backend, prompts } = answering("a");
    const outcome = await pick({ "parallel.results": [branch("a", 0, "fail")] }, { prompt: "Best?", backend });
    expect([outcome.status, prompts]).toEqual(["fail", []]);
  });
});
