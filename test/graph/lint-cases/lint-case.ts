import type { LintRuleName } from "../../../src/graph/lint/rules.ts";
import type { LintOptions } from "../../../src/graph/lint.ts";

export interface LintCase {
  readonly rule: LintRuleName;
  readonly name: string;
  /**
   * Statements of a digraph that has a start, an exit and an edge from one to the other besides. A `¦` stands before the
   * place the finding points at.
   */
  readonly bad: string;
  /** The same without the fault. */
  readonly good: string;
  /** What the message must name. */
  readonly says: string;
  readonly fix?: string;
  /** How often it is found; once unless said. */
  readonly times?: number;
  readonly options?: LintOptions;
}

export const FAN = "start -> f -> {a b} -> j -> exit; f [shape=component]; {node [prompt=p] a b j}";
export const GATE = "start -> g [weight=1]; g [shape=hexagon]";
export const EACH = "start -> e -> exit; e [type=foreach, items=list, body=inner]";

/** A world in which one file exists. */
export function onlyFile(path: string): LintOptions {
  return { fileExists: (asked) => asked === path };
}
