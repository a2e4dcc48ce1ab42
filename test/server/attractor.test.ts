/** The routes of the Attractor specification, as a client that was written against it would use them. */
import { describe, expect, it } from "vitest";
import { ASKING, allOf, type Client, eventsOf, HELLO, openServer, pipeline, steps } from "./fixtures.ts";

const runtime = { handlers: steps };

async function submitted(source: string, options: Parameters<typeof openServer>[0] = { runtime }): Promise<Client> {
  const client = await openServer(options);
  const response = await client.post("/pipelines", { dot_source: source, id: "p1" });
  expect(response.headers.get("location")).toBe("/pipelines/p1");
  expect(await client.read(response, 201)).toMatchObject({ id: "p1", pipeline_id: "p1", status: expect.any(String) });
  return client;
}

const follow = async ({ get }: Client, query = "", headers = {}) =>
  allOf(eventsOf(await get(`/pipelines/p1/events${query}`, headers)));

describe("a pipeline", () => {
  it("is submitted under any of the names of its text, with inputs or a context", async () => {
    const { post, read, runtime: library } = await openServer({ runtime });
    for (const name of ["dot_source", "dot", "source", "pipeline"]) {
      const body = { [name]: HELLO, context: { a: 1 }, inputs: { b: 2 } };
      const { id } = await read<{ id: string }>(post("/pipelines", body), 201);
      expect(await library.view(id)).toMatchObject({ inputs: { a: 1, b: 2 } });
    }
    expect(await read(post("/pipelines", { text: HELLO }), 400)).toMatchObject({ code: "usage" });
  });

  it("tells its status and how far it is", async () => {
    const client = await submitted(HELLO);
    await (await client.runtime.get("p1")).finished();
    expect(await client.read(client.get("/pipelines/p1"))).toMatchObject({
      id: "p1",
      name: "test",
      status: "completed",
      current_node: "exit",
      completed_nodes: ["start", "a", "b", "exit"],
    });
    expect(await client.read(client.get("/pipelines/p1/checkpoint"))).toMatchObject({
      completed_nodes: ["start", "a", "b", "exit"],
      context_values: { "graph.goal": "test" },
    });
    expect(await client.read(client.get("/pipelines/p1/context"))).toMatchObject({ "graph.goal": "test" });
    expect(await (await client.get("/pipelines/p1/graph")).text()).toContain("<svg");
    expect(await client.read(client.get("/pipelines/p2"), 404)).toMatchObject({ code: "run_not_found" });
  });

  it("that failed says why", async () => {
    const handlers = { step: () => ({ status: "fail" as const, failureReason: "no luck" }) };
    const client = await submitted(pipeline("a; start -> a -> exit"), { runtime: { handlers } });
    await (await client.runtime.get("p1")).finished();
    expect(await client.read(client.get("/pipelines/p1"))).toMatchObject({
      status: "failed",
      error: expect.any(String),
    });
    const failed = (await follow(client)).find(({ event }) => event === "PipelineFailed");
    expect(failed?.data).toMatchObject({ error: expect.any(String), duration: expect.any(Number) });
  });

  it("asks, and takes the answer in the ways that clients send it", async () => {
    const ways = [
      { answer: "N" },
      { value: "no" },
      { choice: "[N] No" },
      { selected_option: { key: "N", label: "No" } },
    ];
    for (const way of ways) {
      const client = await submitted(ASKING);
      const { questions } = await client.read<{ questions: object[] }>(client.get("/pipelines/p1/questions"));
      expect(questions).toMatchObject([
        { qid: "main/ask@1", text: "Ship it?", stage: "ask", options: [{ key: "Y" }, { key: "N" }] },
      ]);
      const path = "/pipelines/p1/questions/main%2Fask@1/answer";
      expect(await client.read(client.post(path, { answer: "maybe" }), 422)).toMatchObject({ code: "answer_invalid" });
      expect(await client.read(client.post(path, { reply: "N" }), 400)).toMatchObject({ code: "usage" });
      expect(await client.read(client.post(path, way))).toMatchObject({ qid: "main/ask@1", accepted: true });
      const { stages } = await (await client.runtime.get("p1")).finished();
      expect(stages.map(({ node }) => node)).toContain("no");
    }
  });

  it("is cancelled once", async () => {
    const client = await submitted(ASKING);
    expect(await client.read(client.post("/pipelines/p1/cancel"))).toMatchObject({ id: "p1", status: "cancelled" });
    expect(await client.read(client.post("/pipelines/p1/cancel", { reason: "x" }))).toMatchObject({ accepted: true });
    const done = await submitted(HELLO);
    await (await done.runtime.get("p1")).finished();
    expect(await done.read(done.post("/pipelines/p1/cancel"), 409)).toMatchObject({ code: "run_finished" });
  });
});

describe("its events", () => {
  it("have the names of the specification, stages numbered as they began", async () => {
    const client = await submitted(HELLO);
    const sent = await follow(client);
    const names = sent.map(({ event }) => event).filter((event) => /^[A-Z]/.test(event) && event !== "CheckpointSaved");
    const stage = ["StageStarted", "StageCompleted"];
    expect(names).toEqual(["PipelineStarted", ...stage, ...stage, ...stage, ...stage, "PipelineCompleted"]);
    expect(sent.find(({ event }) => event === "PipelineStarted")?.data).toMatchObject({ name: "test", id: "p1" });
    const started = sent
      .filter(({ event }) => event === "StageStarted")
      .map(({ data }) => [data["name"], data["index"]]);
    expect(started).toEqual([
      ["start", 0],
      ["a", 1],
      ["b", 2],
      ["exit", 3],
    ]);
    expect(sent.at(-1)?.event).toBe("end");
    const { seq } = await client.runtime.view("p1");
    expect(sent.filter(({ event }) => event === "CheckpointSaved").at(-1)?.id).toBe(seq);
  });

  it("go on by sequence, and are then counted as if nothing had been left out", async () => {
    const client = await submitted(HELLO);
    const all = await follow(client);
    const sequences = [...new Set(all.flatMap(({ data }) => (data["sequence"] as number) ?? []))];
    for (const after of sequences) {
      const rest = all.filter(({ data, event }) => event === "end" || (data["sequence"] as number) > after);
      expect(await follow(client, `?after=${after}`)).toEqual(rest);
      expect(await follow(client, "?after=0", { "last-event-id": String(after) })).toEqual(rest);
    }
  });

  it("tell of retries, questions and branches", async () => {
    let tries = 0;
    const handlers = { step: () => ({ status: tries++ === 0 ? ("retry" as const) : ("success" as const) }) };
    const source = pipeline(`
      a [max_retries=2]
      ask [type="wait.human", label="On?"]
      fan [shape=component, type=parallel]; join [shape=tripleoctagon, type="parallel.fan_in"]; l; r
      start -> a -> ask; ask -> fan [label="[G] Go"]; ask -> exit [label="[S] Stop"]
      fan -> l -> join; fan -> r -> join; join -> exit`);
    const client = await submitted(source, { runtime: { handlers } });
    const all = follow(client);
    const run = await client.runtime.get("p1");
    for (let open = await run.questions(); open.length === 0; open = await run.questions())
      await new Promise((resolve) => setImmediate(resolve));
    await run.answer("main/ask@1", "G");
    const sent = await all;
    const of = (name: string) => sent.filter(({ event }) => event === name).map(({ data }) => data);
    expect(of("StageRetrying")).toMatchObject([{ name: "a", index: 1, attempt: 2 }]);
    expect(of("StageFailed")).toMatchObject([{ name: "a", will_retry: true }]);
    expect(of("InterviewStarted")).toMatchObject([{ question: "On?", stage: "ask", qid: "main/ask@1" }]);
    expect(of("InterviewCompleted")).toMatchObject([{ answer: "G", stage: "ask" }]);
    expect(of("ParallelStarted")).toMatchObject([{ branch_count: 2 }]);
    expect(of("ParallelBranchStarted").map(({ index }) => index)).toEqual([0, 1]);
    expect(of("ParallelBranchCompleted")).toMatchObject([{ success: true }, { success: true }]);
    expect(of("ParallelCompleted")).toMatchObject([{ success_count: 2, failure_count: 0 }]);
  });
});
