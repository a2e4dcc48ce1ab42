/** Runs over HTTP: started, listed, looked at whole and in parts. */
import { join } from "node:path";
import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { type ArtifactWriter, parsePipeline } from "../../src/index.ts";
import { createServer } from "../../src/server/create-server.ts";
import { openStore, temporaryFolder } from "../persistence/temporary.ts";
import { ASKING, HELLO, openServer, pipeline, steps, storedDigest } from "./fixtures.ts";

const runtime = { handlers: steps };

describe("POST /runs", () => {
  it("starts a run of a text, which then goes its way", async () => {
    const { post, read, runtime: library } = await openServer({ runtime });
    const response = await post("/runs", { source: HELLO, runId: "one", inputs: { pr: 42 }, labels: { team: "a" } });
    expect(response.headers.get("location")).toBe("/runs/one");
    expect(await read(response, 201)).toMatchObject({
      runId: "one",
      pipeline: { name: "test" },
      labels: { team: "a" },
    });
    const view = await (await library.get("one")).finished();
    expect(view).toMatchObject({ status: "completed", inputs: { pr: 42 } });
  });

  it("starts a definition by name, and a text that stands in its place", async () => {
    const definitions = { hello: HELLO, parsed: parsePipeline(HELLO) };
    const { post, get, read } = await openServer({ runtime, server: { definitions } });
    for (const name of ["hello", "parsed"])
      expect(await read(post("/runs", { pipeline: name }), 201)).toMatchObject({ pipeline: { name: "test" } });
    expect(await read(post("/runs", { pipeline: HELLO }), 201)).toMatchObject({ pipeline: { name: "test" } });
    expect(await read(post("/runs", { pipeline: "other" }), 404)).toMatchObject({
      code: "pipeline_not_found",
      details: { known: ["hello", "parsed"] },
    });
    expect(await read(post("/runs", { pipeline: "constructor" }), 404)).toMatchObject({ code: "pipeline_not_found" });
    expect(await read(get("/definitions"))).toMatchObject({
      definitions: [
        { name: "hello", pipeline: "test", goal: "test", nodes: 4, edges: 3 },
        { name: "parsed", pipeline: "test" },
      ],
    });
  });

  it("under the same key and body is the same run, and with another body refused", async () => {
    const { post, get, read } = await openServer({ runtime });
    const body = { source: HELLO, inputs: { pr: 42 } };
    const key = { "idempotency-key": "order 7" };
    const first = await read<{ runId: string }>(post("/runs", body, key), 201);
    const again = await post("/runs", body, key);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(await read(again, 201)).toMatchObject({ runId: first.runId });
    const others = [
      { ...body, inputs: { pr: 43 } },
      { ...body, labels: { a: "b" } },
      { ...body, source: ASKING },
      { ...body, runId: "mine" },
    ];
    for (const other of others)
      expect(await read(post("/runs", other, key), 409)).toMatchObject({ code: "command_id_reused" });
    expect(await read(get("/runs"))).toMatchObject({ runs: [{ runId: first.runId }] });
  });

  it("under one key is one run after a restart, too", async () => {
    const path = join(temporaryFolder(), "runs.db");
    const body = { source: HELLO, inputs: { pr: 42 } };
    const key = { "idempotency-key": "order 7" };
    const first = await openServer({ runtime: { ...runtime, store: openStore(path) } });
    const { runId } = await first.read<{ runId: string }>(first.post("/runs", body, key), 201);
    await (await first.runtime.get(runId)).finished();
    await first.runtime.stop();
    const second = await openServer({ runtime: { ...runtime, store: openStore(path) } });
    expect(await second.read(second.post("/runs", body, key), 201)).toMatchObject({ runId, status: "completed" });
    expect(await second.read(second.post("/runs", { source: ASKING }, key), 409)).toMatchObject({
      code: "command_id_reused",
    });
  });

  it("under one key at the same time is one run", async () => {
    const { post, get, read } = await openServer({ runtime });
    const ask = () => post("/runs", { source: HELLO }, { "idempotency-key": "k" });
    const started = await Promise.all([ask(), ask(), ask(), ask()]);
    const ids = await Promise.all(started.map((response) => read<{ runId: string }>(response, 201)));
    expect(new Set(ids.map(({ runId }) => runId)).size).toBe(1);
    expect((await read<{ runs: unknown[] }>(get("/runs"))).runs).toHaveLength(1);
  });

  it("with an id that the request names is repeated under its key, and without one taken", async () => {
    const { post, read } = await openServer({ runtime });
    const body = { source: HELLO, runId: "mine" };
    await read(post("/runs", body, { "idempotency-key": "k" }), 201);
    expect(await read(post("/runs", body, { "idempotency-key": "k" }), 201)).toMatchObject({ runId: "mine" });
    expect(await read(post("/runs", body), 409)).toMatchObject({ code: "run_exists" });
  });

  it("refuses pipelines that cannot be run, with what is wrong", async () => {
    const { post, read, runtime: library } = await openServer({ runtime });
    const before = await storedDigest(library);
    expect(await read(post("/runs", { source: "digraph {" }), 422)).toMatchObject({
      code: "pipeline_invalid",
      detail: expect.stringContaining("never closed"),
    });
    expect(await read(post("/runs", { source: "digraph { a -> b }" }), 422)).toMatchObject({
      code: "pipeline_invalid",
      details: { diagnostics: expect.arrayContaining([expect.objectContaining({ rule: "start_node" })]) },
    });
    expect(await read(post("/runs", { source: HELLO, runId: "../x" }), 400)).toMatchObject({ code: "usage" });
    expect(await storedDigest(library)).toBe(before);
  });
});

describe("GET /runs", () => {
  it("lists the newest first, by status and label, in pages", async () => {
    const { post, get, read, runtime: library } = await openServer({ runtime });
    for (const id of ["a", "b", "c"]) {
      await post("/runs", { source: HELLO, runId: id, labels: { team: id === "b" ? "x" : "y" } });
      await (await library.get(id)).finished();
    }
    await post("/runs", { source: ASKING, runId: "d" });
    const ids = async (query: string) =>
      (await read<{ runs: { runId: string }[] }>(get(`/runs${query}`))).runs.map(({ runId }) => runId);
    expect(await ids("")).toEqual(["d", "c", "b", "a"]);
    expect(await ids("?status=completed,failed&label=team=y")).toEqual(["c", "a"]);
    expect(await ids("?status=completed&status=running")).toEqual(["d", "c", "b", "a"]);
    const first = await read<{ runs: unknown[]; cursor: string }>(get("/runs?limit=3"));
    expect(first.runs).toHaveLength(3);
    expect(await ids(`?cursor=${encodeURIComponent(first.cursor)}`)).toEqual(["a"]);
  });
});

describe("one run", () => {
  it("is shown as the library shows it, now and as it was", async () => {
    const { post, get, read, runtime: library } = await openServer({ runtime });
    await post("/runs", { source: HELLO, runId: "one" });
    const view = await (await library.get("one")).finished();
    expect(await read(get("/runs/one"))).toEqual(JSON.parse(JSON.stringify(view)));
    const was = await read<{ status: string; at: unknown }>(get("/runs/one?at=8"));
    expect(was.status).toBe("running");
    expect(was.at).toMatchObject({ asked: 8 });
  });

  it("is there in parts", async () => {
    const { post, get, read, runtime: library } = await openServer({ runtime });
    await post("/runs", { source: ASKING, runId: "one", inputs: { pr: 1 } });
    await post("/runs/one/pause", { reason: "lunch" });
    await (await library.get("one")).settled("paused");
    const part = <T = unknown>(name: string) => read<T>(get(`/runs/one/${name}`));
    expect(await part("control")).toMatchObject({ status: "paused", draining: [], waitingOn: [{ kind: "gate" }] });
    expect(await part("stages?limit=1")).toMatchObject({ stages: [{ node: "start" }], stagesTotal: 2, cursor: "1" });
    expect(await part("stages?cursor=1")).toMatchObject({ stages: [{ node: "ask", status: "waiting" }] });
    expect(await part("branches?status=paused")).toMatchObject({ branches: [{ path: "main" }], branchesTotal: 1 });
    expect(await part("joins")).toMatchObject({ joins: [], joinsTotal: 0 });
    expect(await part("context")).toEqual({ "graph.goal": "test", "inputs.pr": 1, ...(await contextOf(library)) });
    expect(await part("provenance?key=inputs.pr")).toMatchObject({ key: "inputs.pr", value: 1, branch: "main" });
    expect(await part("checkpoint")).toMatchObject({ runId: "one", status: "paused", node_retries: {} });
    expect(await part("artifacts")).toEqual({ runId: "one", artifacts: [] });
    expect(await part("lineage")).toMatchObject({
      children: [],
      transitions: [{ to: "running" }, { to: "pausing", verb: "pause" }, { to: "paused", reason: "lunch" }],
    });
    const { actors } = await part<{ actors: { actor: string }[] }>("actors");
    expect(actors.map(({ actor }) => actor)).toEqual(["branch:main", "run", "stage:main/ask@1"]);
    expect(await part("questions")).toMatchObject({ questions: [{ gate: "main/ask@1", text: "Ship it?" }] });
    expect(await read(get("/questions"))).toMatchObject({ questions: [{ runId: "one", gate: "main/ask@1" }] });
  });

  it("is drawn in four ways", async () => {
    const { post, get, runtime: library } = await openServer({ runtime });
    await post("/runs", { source: HELLO, runId: "one" });
    await (await library.get("one")).finished();
    const drawn = async (query: string, headers = {}) => await (await get(`/runs/one/graph${query}`, headers)).text();
    expect(await drawn("")).toContain("<svg");
    expect(await drawn("?format=dot")).toMatch(/^digraph "test" \{/);
    expect(await drawn("?format=mermaid")).toMatch(/^flowchart TD/);
    expect(JSON.parse(await drawn("", { accept: "application/json" }))).toMatchObject({
      nodes: expect.arrayContaining([expect.objectContaining({ id: "a", state: "succeeded" })]),
    });
  });

  it("has artifacts whose bytes are given as they are, and never as a page of ours", async () => {
    const text = "<script>alert(1)</script>";
    const handlers = {
      step: async ({ artifacts }: { artifacts: ArtifactWriter }) => {
        await artifacts.write("page.html", text, { mediaType: "text/html" });
        return { status: "success" as const };
      },
    };
    const { post, get, read, runtime: library } = await openServer({ runtime: { handlers } });
    await post("/runs", { source: pipeline("a; start -> a -> exit"), runId: "one" });
    await (await library.get("one")).finished();
    const { artifacts } = await read<{ artifacts: { artifact: string }[] }>(get("/runs/one/artifacts"));
    const { artifact } = artifacts[0] as { artifact: string };
    for (const id of [artifact, encodeURIComponent(artifact)]) {
      const response = await get(`/runs/one/artifacts/${id}`);
      expect(await response.text()).toBe(text);
      expect(response.headers.get("content-security-policy")).toContain("sandbox");
    }
    expect(await read(get("/runs/one/artifacts/none"), 404)).toMatchObject({ code: "artifact_not_found" });
  });

  it("that is not there is a 404 for every operation on one", async () => {
    const { get, post, read } = await openServer({ runtime });
    const parts = ["", "/events", "/control", "/questions", "/graph", "/context", "/checkpoint", "/artifacts"];
    for (const part of [...parts, "/artifacts/x", "/branches", "/stages", "/lineage", "/actors", "/joins"])
      expect([part, await read(get(`/runs/none${part}`), 404)]).toMatchObject([part, { code: "run_not_found" }]);
    for (const verb of ["pause", "continue", "cancel", "fork", "resume"])
      expect([verb, await read(post(`/runs/none/${verb}`), 404)]).toMatchObject([verb, { code: "run_not_found" }]);
  });
});

it("mounts into another app, whose paths it then has", async () => {
  const { runtime: library } = await openServer({ runtime });
  const outer = new Hono().route("/safepoint", createServer(library));
  const started = await outer.request("/safepoint/runs", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ source: HELLO, runId: "one" }),
  });
  expect(started.headers.get("location")).toBe("/safepoint/runs/one");
  expect((await outer.request("/safepoint/runs/one")).status).toBe(200);
  const missing = await outer.request("/safepoint/nothing");
  expect(await missing.json()).toMatchObject({ code: "route_not_found" });
  expect((await outer.request("/safepoint/runs", { method: "DELETE" })).headers.get("allow")).toBe("POST, GET, HEAD");
  expect(await (await outer.request("/elsewhere")).text()).toBe("404 Not Found");
});

async function contextOf(library: Awaited<ReturnType<typeof openServer>>["runtime"]) {
  return (await library.get("one")).context();
}
