/** The lines of curl in the README do what they say, one after the other. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { expect, it, onTestFinished } from "vitest";
import { ROOT, readSource } from "../tidy/sources.ts";

const BIN = join(ROOT, "src", "cli", "bin.ts");

/** Commands of the shell blocks that begin with curl; a backslash at the end of a line joins it with the next. */
function curlLines(markdown: string): string[] {
  const blocks = [...markdown.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block = ""]) =>
    block.replaceAll("\\\n", " "),
  );
  return blocks.flatMap((block) => block.split("\n").filter((line) => line.startsWith("curl ")));
}

async function startServer(): Promise<string> {
  const cwd = await mkdtemp(join(tmpdir(), "safepoint-curl-"));
  const child: ChildProcess = spawn(process.execPath, [BIN, "serve", "--port", "0"], { cwd, stdio: "pipe" });
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await once(child, "exit");
    await rm(cwd, { recursive: true, force: true });
  });
  child.stderr?.resume();
  const [url] = (await once(createInterface({ input: child.stdout as NodeJS.ReadableStream }), "line")) as [string];
  return url;
}

it("the README starts a run, follows it, pauses, continues and answers it", async () => {
  const url = await startServer();
  const lines = curlLines(readSource("README.md").text);
  const said = new Map<string, string>();
  const followed: Promise<void>[] = [];
  for (const line of lines) {
    const command = line
      .replaceAll("localhost:7331", url)
      .replace(/^curl /, "curl --fail-with-body --silent --show-error ");
    const ran = promisify(execFile)("bash", ["-c", command]).then(({ stdout }) => void said.set(line, stdout));
    // What follows a run ends with it; the others are waited for.
    if (line.includes("curl -N")) followed.push(ran);
    else await ran;
  }
  await Promise.all(followed);
  const answers = lines.map((line) => said.get(line) ?? "");
  expect(answers).toHaveLength(6);
  expect(JSON.parse(answers[0] ?? "")).toMatchObject({ runId: "r2" });
  expect(JSON.parse(answers[1] ?? "")).toMatchObject({ runId: "r2", status: "running" });
  expect(answers[2]).toMatch(/^retry: 2000\n\nid: 1\nevent: run\.created\n/);
  expect(answers[2]).toContain('event: end\ndata: {"runId":"r2","status":"completed"');
  for (const after of ["paused", "running", "completed"].entries())
    expect(JSON.parse(answers[3 + after[0]] ?? "")).toMatchObject({ accepted: true, after: after[1] });
});
