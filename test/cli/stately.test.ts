/** `--stately`: off unless it is asked for, and then a page on this machine as long as the command drives runs. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { fakeStream, HELLO, run, tempDir } from "./fake-io.ts";

const SLOW = `digraph slow {
  start [shape=Mdiamond]
  work  [shape=parallelogram, tool_command="while [ ! -e go ]; do sleep 0.02; done"]
  exit  [shape=Msquare]
  start -> work -> exit
}`;

it("opens nothing where it is not asked for", async () => {
  const { code, stderr } = await run("run hello.dot", { cwd: tempDir({ "hello.dot": HELLO }) });
  expect(code).toBe(0);
  expect(stderr).not.toContain("stately");
});

it("says where to look, shows the run there, and ends with it", async () => {
  const cwd = tempDir({ "slow.dot": SLOW });
  const found = Promise.withResolvers<string>();
  const stderr = fakeStream();
  const write = async (text: string) => {
    const url = /^stately: (http:\/\/127\.0\.0\.1:\d+\/[\w-]{32}\/)$/m.exec(text)?.[1];
    if (url) found.resolve(url);
  };
  const finished = run("run slow.dot --run-id r --stately", { cwd, stderr: { ...stderr, write } });
  const url = await found.promise;
  const stream = await fetch(`${url}events`);
  let sent = "";
  for await (const chunk of stream.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    sent += chunk;
    if (sent.includes("r stage:main/work@1")) writeFileSync(join(cwd, "go"), "");
  }
  expect(sent).toMatch(/event: end\ndata:\n\n$/);
  expect((await finished).code).toBe(0);
  await expect(fetch(url)).rejects.toThrow("fetch failed");
});

it("is refused with --detach, before anything is started", async () => {
  const cwd = tempDir({ "hello.dot": HELLO });
  const { code, stderr } = await run("run hello.dot --stately --detach --json", { cwd });
  expect(code).toBe(2);
  expect(JSON.parse(stderr).error).toMatchObject({ code: "usage" });
});
