/** How options are named where questions are told of, and when there is a command to answer them with. */
import { describe, expect, it } from "vitest";
import { nameOption } from "../../src/cli/follow/prompt/name-option.ts";
import { main } from "../../src/cli/main.ts";
import { fakeIo, run, tempDir } from "./fake-io.ts";

const gate = (attributes: string) => `digraph gated {
  start [shape=Mdiamond]
  ask [shape=hexagon, label="Ship it?"${attributes}]
  exit [shape=Msquare]
  start -> ask
  ask -> exit [label="[Y] Yes"]
  ask -> exit [label="N) No"]
}
`;
const inTempDir = () => ({
  cwd: tempDir({ "open.dot": gate(""), "brief.dot": gate(', human.timeout="20ms", human.default_choice=Y') }),
});

describe("an option is named with its key once", () => {
  it.each([
    ["Y", "[Y] Yes", "[Y] Yes"],
    ["y", "[y] yes", "[y] yes"],
    ["N", "N) No", "[N] No"],
    ["L", "L - Later", "[L] Later"],
    ["S", "Ship", "[S] Ship"],
    ["Y", "[Y]", "[Y]"],
    ["2", "[Y] Yes", "[2] Yes"],
  ])("%s, %j: %s", (key, label, name) => {
    expect(nameOption({ key, label })).toBe(name);
  });

  it("in the lines of a run and in the list of questions", async () => {
    const place = inTempDir();
    const { stderr } = await run("run open.dot --run-id r1 --no-wait-gates", place);
    expect(stderr).toMatch(/asks: Ship it\? \[Y\] Yes \[N\] No$/m);
    expect((await run("questions", place)).stdout).toContain("[Y] Yes, [N] No");
  });
});

describe("a store that ends with its process", () => {
  const HINT = /answer with|waits for answers|safepoint (answer|questions|resume)/;

  it.each(["--no-wait-gates", "waiting"])("has no command to answer with (%s)", async (waiting) => {
    const words = waiting === "waiting" ? [] : [waiting];
    const file = words.length === 0 ? "brief.dot" : "open.dot";
    for (const store of ["file", "option", "environment"]) {
      const env = store === "environment" ? { SAFEPOINT_STORE: ":memory:" } : {};
      const io = fakeIo({ ...inTempDir(), env });
      const code = await main(["run", file, ...words, ...(store === "option" ? ["--store", ":memory:"] : [])], io);
      expect(code, store).toBe(words.length === 0 ? 0 : 4);
      expect(io.stderr.text, store).toContain("asks: Ship it?");
      expect(HINT.test(io.stderr.text), `${store}: ${io.stderr.text}`).toBe(store === "file");
    }
  });
});
