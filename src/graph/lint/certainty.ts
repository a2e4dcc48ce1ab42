import { type ConditionNode, evaluateCondition, type Test } from "../conditions.ts";

/** What can be said of a condition when the outcome is known and the context is not. */
export type Certainty = "holds" | "fails" | "open";

/** Judges by the tests of `outcome` alone; whatever asks the context may come out either way. */
export function certaintyFor(node: ConditionNode, status: string): Certainty {
  switch (node.kind) {
    case "constant":
      return node.value ? "holds" : "fails";
    case "not":
      return opposite(certaintyFor(node.part, status));
    case "and":
      return combined(node.parts, { status, decisive: "fails", neutral: "holds" });
    case "or":
      return combined(node.parts, { status, decisive: "holds", neutral: "fails" });
    default:
      return testCertainty(node, status);
  }
}

function opposite(certainty: Certainty): Certainty {
  if (certainty === "open") return "open";
  return certainty === "holds" ? "fails" : "holds";
}

interface Combination {
  readonly status: string;
  /** One part like this settles the whole. */
  readonly decisive: Certainty;
  /** All parts like this settle it the other way. */
  readonly neutral: Certainty;
}

function combined(parts: readonly ConditionNode[], { status, decisive, neutral }: Combination): Certainty {
  const certainties = parts.map((part) => certaintyFor(part, status));
  if (certainties.includes(decisive)) return decisive;
  return certainties.every((certainty) => certainty === neutral) ? neutral : "open";
}

function testCertainty(test: Test, status: string): Certainty {
  if (test.key !== "outcome") return "open";
  const scope = { outcome: { status }, read: () => undefined };
  return evaluateCondition({ text: "", root: test }, scope) ? "holds" : "fails";
}
