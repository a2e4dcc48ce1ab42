import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  branchOfStage,
  escapeNode,
  formatBranch,
  formatExecution,
  formatStage,
  isWithin,
  parentBranch,
  parseExecution,
  parseStageAddress,
  readBranchAddress,
  readExecution,
  readStageAddress,
  unescapeNode,
} from "../../src/journal/address.ts";

const node = fc.oneof(
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.string({ unit: fc.constantFrom("/", "@", "#", "%", ".", "2", "F", "é", "\n", "\u0000", "\ud800"), maxLength: 12 }),
);
const number = fc.integer({ min: 1, max: 1_000_000 });

describe("addresses", () => {
  it("come back from text, whatever the node is called and however deep the branch is", () => {
    const level = fc.record({ node, visit: number, index: fc.nat(100_000) });
    fc.assert(
      fc.property(
        fc.array(level, { maxLength: 4 }),
        node,
        number,
        number,
        number,
        (levels, id, visit, attempt, start) => {
          let branch = "main";
          for (const each of levels) {
            const activation = formatStage({ branch, node: each.node, visit: each.visit });
            const inner = formatBranch({ activation, index: each.index });
            expect(readBranchAddress(inner)).toEqual({ activation, index: each.index });
            expect(parentBranch(inner)).toBe(branch);
            branch = inner;
          }
          const stage = formatStage({ branch, node: id, visit });
          expect(parseStageAddress(stage)).toEqual({ branch, node: id, visit });
          expect(branchOfStage(stage)).toBe(branch);
          const execution = formatExecution({ stage, attempt, start });
          expect(parseExecution(execution)).toEqual({ stage, attempt, start });
        },
      ),
    );
  });

  it("are unique: two node ids never share an escaped form", () => {
    fc.assert(
      fc.property(node, node, (one, other) => {
        expect(unescapeNode(escapeNode(one))).toBe(one);
        if (one !== other) expect(escapeNode(one)).not.toBe(escapeNode(other));
      }),
    );
  });

  it("escape what has a meaning in an address, and control characters, and nothing else", () => {
    expect(escapeNode("a/b@c#d%e\n")).toBe("a%2Fb%40c%23d%25e%0A");
    expect(formatStage({ branch: "main", node: "write tests é.~", visit: 2 })).toBe("main/write tests é.~@2");
  });

  it.each(["", "main", "main/x", "/x@1", "main/x@0", "main/x@01", "main/x@1#1.1", "main/x@1.5", "main/x@-1", "x@1"])(
    "are not read from %j",
    (text) => {
      expect(readStageAddress(text)).toBeUndefined();
      expect(() => parseStageAddress(text)).toThrowError(/expected a stage address/);
    },
  );

  it.each(["", "main/x@1", "main/x@1#1", "main/x@1#0.1", "main/x@1#1.0", "#1.1"])(
    "executions are not read from %j",
    (text) => {
      expect(readExecution(text)).toBeUndefined();
      expect(() => parseExecution(text)).toThrowError(/expected an execution/);
    },
  );

  it("know what lies within what, by whole segments", () => {
    expect(isWithin("main/fan@1/0", "main/fan@1")).toBe(true);
    expect(isWithin("main/fan@1", "main/fan@1")).toBe(true);
    expect(isWithin("main/fan@10/0", "main/fan@1")).toBe(false);
    expect(isWithin("main", "main/fan@1")).toBe(false);
  });
});
