/** The pipelines of child runs are read, checked and pinned when their parent starts. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { pinsOfChild } from "../../src/actors/children/pins.ts";
import { createRegistry } from "../../src/actors/handlers/registry.ts";
import { CHILD_PIPELINES_MAX } from "../../src/limits.ts";
import { type PreparedPipeline, preparePipeline } from "../../src/runtime/prepare-pipeline.ts";

const registry = createRegistry({ step: () => ({ status: "success" }) });

/** A pipeline of one node of type step, or of nodes that start these children. */
function digraph(name: string, ...children: readonly string[]): string {
  const nodes = children.length === 0 ? ["work [type=step]"] : children.map((file, at) => childNode(`c${at}`, file));
  const ids = nodes.map((node) => node.split(" ")[0]);
  return `digraph ${name} { start [shape=Mdiamond]\n exit [shape=Msquare]\n ${nodes.join("\n")}
    start -> ${ids.join(" -> ")} -> exit }`;
}

const childNode = (id: string, file: string) => `${id} [type=pipeline, child="${file}"]`;

async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "safepoint-children-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}

async function prepared(parent: string, files: Readonly<Record<string, string>>): Promise<PreparedPipeline> {
  return preparePipeline(parent, { registry, baseDir: await folderWith(files) });
}

it("paths are relative to the file that names them", async () => {
  const { children } = await prepared(digraph("top", "sub/middle.dot", "leaf.dot"), {
    "leaf.dot": digraph("upper"),
    "sub/middle.dot": digraph("middle", "leaf.dot"),
    "sub/leaf.dot": digraph("lower"),
  });
  expect(children.pins["c0"]?.name).toBe("middle");
  expect(children.pins["c1"]?.name).toBe("upper");
  const ofMiddle = pinsOfChild(children.pins, children.pins["c0"]?.hash ?? "");
  expect(ofMiddle?.["c0"]?.name).toBe("lower");
  expect(children.pipelines.map(({ graph }) => graph.name).sort()).toEqual(["lower", "middle", "upper"]);
});

it("a pipeline that starts itself is pinned once", async () => {
  const self = digraph("self", "self.dot", "leaf.dot");
  const { children, hash } = await prepared(self, { "self.dot": self, "leaf.dot": digraph("leaf") });
  expect(children.pins["c0"]).toEqual({ name: "self", hash });
  expect(children.pipelines.length).toBe(2);
  const again = pinsOfChild(children.pins, hash);
  expect(again?.["c0"]).toEqual(children.pins["c0"]);
  expect(pinsOfChild(again ?? {}, hash)).toEqual(again);
  expect(pinsOfChild(children.pins, children.pins["c1"]?.hash ?? "")).toBeUndefined();
});

it("what is wrong with a child is said before anything starts, with its file's name", async () => {
  const broken = digraph("broken").replace("work [type=step]", "work [type=step]\n island [type=step]");
  await expect(prepared(digraph("top", "none.dot"), {})).rejects.toMatchObject({ code: "pipeline_invalid" });
  await expect(prepared(digraph("top", "none.dot"), {})).rejects.toThrow(/none\.dot", found none/);
  await expect(prepared(digraph("top", "a.dot"), { "a.dot": broken })).rejects.toThrow(/a\.dot: the pipeline has/);
  await expect(prepared(digraph("top", "a.dot"), { "a.dot": "digraph {" })).rejects.toThrow(/a\.dot: /);
  const unknown = digraph("unknown").replace("type=step", "type=nobody");
  await expect(prepared(digraph("top", "a.dot"), { "a.dot": unknown })).rejects.toThrow(/a\.dot: /);
  await expect(prepared(digraph("top", "$" + "{which}.dot"), {})).rejects.toThrow(/is not known then/);
});

it("one text in two places cannot start two different pipelines", async () => {
  const files = {
    "a/same.dot": digraph("same", "leaf.dot"),
    "b/same.dot": digraph("same", "leaf.dot"),
    "a/leaf.dot": digraph("left"),
    "b/leaf.dot": digraph("right"),
  };
  await expect(prepared(digraph("top", "a/same.dot", "b/same.dot"), files)).rejects.toThrow(/same text as another/);
  const alike = { ...files, "b/leaf.dot": digraph("left") };
  expect((await prepared(digraph("top", "a/same.dot", "b/same.dot"), alike)).children.pipelines.length).toBe(2);
});

it("there is a limit to the pipelines of one run", async () => {
  const count = CHILD_PIPELINES_MAX + 1;
  const files = Object.fromEntries(Array.from({ length: count }, (_, n) => [`n${n}.dot`, digraph(`n${n}`)]));
  await expect(prepared(digraph("top", ...Object.keys(files)), files)).rejects.toThrow(/256 pipelines of child runs/);
});
