import { expect, it } from "vitest";
import { HELLO, run, tempDir } from "./fake-io.ts";

it("a person reads where a run comes from, what came of it, and how its control moved", async () => {
  const cwd = tempDir({ "hello.dot": HELLO });
  await run("run hello.dot --run-id one", { cwd });
  await run("fork one --at main/greet@1 --run-id two", { cwd });
  await run("pause two --reason lunch", { cwd });
  const one = await run("lineage one", { cwd });
  expect(one).toMatchObject({ code: 0, stderr: "" });
  expect(one.stdout).toMatch(/^run one\n {2}two paused\nSEQ +AT +CONTROL +BY +ACTOR +REASON\n/);
  const { stdout } = await run("lineage two", { cwd });
  expect(stdout).toMatch(/^run two, from one at seq \d+\n/);
  expect(stdout).toMatch(/^\d+ +\S+Z +pausing → paused +pause +\S+ +lunch$/m);
  expect((await run("lineage no", { cwd })).code).toBe(66);
});
