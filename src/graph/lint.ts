import { messageOf, SafepointError } from "../errors.ts";
import { type Diagnostic, type Graph, indexGraph, type Severity } from "./graph.ts";
import { attributeRules } from "./lint/attributes.ts";
import { bodyRules } from "./lint/bodies.ts";
import { childRules } from "./lint/children.ts";
import { cycleRules } from "./lint/cycles.ts";
import { deadEndRules } from "./lint/dead-ends.ts";
import { gateRules } from "./lint/gates.ts";
import { parallelRules } from "./lint/parallel.ts";
import { diagnosticOf, type Finding, type Lint } from "./lint/report.ts";
import { routingRules } from "./lint/routing.ts";
import { LINT_RULES, type LintRule } from "./lint/rules.ts";
import { structureRules } from "./lint/structure.ts";
import { textRules } from "./lint/texts.ts";
import { notesWithNearNames } from "./lint/undeclared.ts";
import { compareText } from "./routing-plan.ts";
import { SHIPPED_TYPES } from "./shapes.ts";

export { type Finding, LINT_RULES };

/** Handler types that ship. Source: 04 §2. */
export const BUILT_IN_TYPES: ReadonlySet<string> = new Set(SHIPPED_TYPES);

/** A rule of the user's own. Its name must be none of {@link LINT_RULES}. */
export interface CustomRule {
  readonly name: string;
  readonly severity: Severity;
  check(graph: Graph, report: (finding: Finding) => void): void;
}

export interface LintOptions {
  /** Handler types that are registered, beyond those that ship. */
  readonly types?: ReadonlySet<string>;
  /** For `@file` prompts and items and for child pipelines; without it files are not looked for. */
  readonly fileExists?: (path: string) => boolean;
  readonly rules?: readonly CustomRule[];
}

/** One after another; each speaks for several rules about one idea. */
const SHIPPED: readonly ((lint: Lint) => void)[] = [
  structureRules,
  attributeRules,
  textRules,
  routingRules,
  cycleRules,
  deadEndRules,
  gateRules,
  parallelRules,
  bodyRules,
  childRules,
];

const SEVERITIES: ReadonlyMap<string, LintRule> = new Map(LINT_RULES.map((rule) => [rule.name, rule]));

/**
 * Everything there is to say about a pipeline: the notes made while reading it and the findings of every rule, by line.
 * An error stops a run, a warning never does. Near-linear in nodes and edges, but for the walk of each fan-out's branches.
 *
 * Throws: pipeline_invalid naming the custom rule that threw, or that has the name of a shipped one.
 */
export function lint(graph: Graph, options: LintOptions = {}): Diagnostic[] {
  const found: Diagnostic[] = [...notesWithNearNames(graph)];
  const context: Lint = {
    graph,
    index: indexGraph(graph),
    types: options.types ?? new Set(),
    fileExists: options.fileExists,
    report: (name, finding) =>
      found.push(diagnosticOf(graph, SEVERITIES.get(name) ?? { name, severity: "error" }, finding)),
  };
  for (const rules of SHIPPED) rules(context);
  for (const rule of options.rules ?? []) found.push(...checkCustom(graph, rule));
  return found.sort(byPlace);
}

function checkCustom(graph: Graph, rule: CustomRule): Diagnostic[] {
  const found: Diagnostic[] = [];
  try {
    if (SEVERITIES.has(rule.name)) throw new Error("expected a name of its own, found that of a rule that ships");
    rule.check(graph, (finding) => found.push(diagnosticOf(graph, rule, finding)));
  } catch (thrown) {
    const message = `lint rule ${rule.name}: ${messageOf(thrown)}`;
    throw new SafepointError("pipeline_invalid", message, { details: { rule: rule.name }, cause: thrown });
  }
  return found;
}

function byPlace(a: Diagnostic, b: Diagnostic): number {
  return a.line - b.line || a.column - b.column || compareText(a.rule, b.rule);
}
