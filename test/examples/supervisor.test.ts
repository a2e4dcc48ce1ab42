/** The example of a supervisor and its child does what its README says. */
import { afterAll, expect, it } from "vitest";
import type { JournalEntry, JsonValue } from "../../src/index.ts";
import type { RunView } from "../../src/journal/run-view.ts";
import { sessionsOf, settled } from "./readme.ts";
import { openTerminal, type Terminal } from "./terminal.ts";

const CHILD = "watched~watch@1.0";
const terminal: Terminal = openTerminal("supervisor", () => ({}));
afterAll(() => terminal.close());

async function json<T>(command: string): Promise<T> {
  const { stdout, stderr } = await terminal.paste(`npx safepoint ${command} --json`);
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout) as T;
}

it("the supervisor tells its child where to look, and has what that has found", async () => {
  const [start, look] = sessionsOf("examples/supervisor/README.md");
  const { code, stdout, stderr } = await terminal.paste(start?.commands ?? "");
  expect(code, stderr).toBe(0);
  const rows = (printed: string) => settled(printed).filter((line) => line.startsWith("main/"));
  expect(rows(stdout)).toEqual(rows(start?.printed ?? ""));

  const looked = await terminal.paste(look?.commands ?? "");
  expect(looked.code, looked.stderr).toBe(0);
  const entries = looked.stdout.split("\n").filter((line) => line.startsWith('{"runId"'));
  const said = entries.map((line) => JSON.parse(line) as JournalEntry).filter(({ type }) => type === "child.steered");
  expect(said.map(({ data }) => data)).toEqual([{ child: CHILD, message: "search the third heap" }]);

  expect(await json<RunView>("show watched")).toMatchObject({
    status: "completed",
    lineage: { children: [{ runId: CHILD, stage: "main/watch@1", status: "completed" }] },
  });
  const child = await json<RunView>(`show '${CHILD}'`);
  expect(child).toMatchObject({ status: "completed", inputs: { what: "needle" }, lineage: { parentRun: "watched" } });
  const nodes = child.stages.map(({ node }) => node);
  expect(nodes.slice(0, 2)).toEqual(["start", "wander"]);
  expect(nodes.slice(-3)).toEqual(["wander", "aim", "done"]);
  expect(await json<Record<string, JsonValue>>("context watched")).toMatchObject({
    "tool.output": "The child says: the needle is in the third heap",
    "stack.child.id": CHILD,
  });
}, 30_000);
