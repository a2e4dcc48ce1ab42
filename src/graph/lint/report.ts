import type { Diagnostic, Graph, GraphEdge, GraphIndex, GraphNode, Position, Severity } from "../graph.ts";
import type { LintRuleName } from "./rules.ts";

/** What a rule has found. The message says what was expected, what was found, and what to do. */
export interface Finding {
  readonly message: string;
  readonly node?: GraphNode;
  readonly edge?: GraphEdge;
  /** Points at this attribute of the node or edge; without either, of the graph. */
  readonly attribute?: string;
  /** What to write instead, where one thing is the obvious choice. */
  readonly fix?: string;
}

/** What a rule is given: the graph, what is known about the world, and where to tell its findings. */
export interface Lint {
  readonly graph: Graph;
  readonly index: GraphIndex;
  /** Handler types that are registered, beyond those that ship. */
  readonly types: ReadonlySet<string>;
  /** Undefined: files are not looked for. */
  readonly fileExists: ((path: string) => boolean) | undefined;
  report(rule: LintRuleName, finding: Finding): void;
}

/** A finding with its place, as the world sees it. */
export function diagnosticOf(graph: Graph, rule: { name: string; severity: Severity }, finding: Finding): Diagnostic {
  const { line, column } = placeOf(graph, finding);
  return {
    rule: rule.name,
    severity: rule.severity,
    message: finding.message,
    ...(finding.node === undefined ? {} : { node: finding.node.id }),
    ...(finding.edge === undefined ? {} : { edge: nameOfEdge(finding.edge) }),
    line,
    column,
    ...(finding.fix === undefined ? {} : { fix: finding.fix }),
  };
}

const TOP: Position = { line: 1, column: 1 };

function placeOf(graph: Graph, { node, edge, attribute }: Finding): Position {
  const owner = edge ?? node;
  const positions = (owner ?? graph).attributePositions;
  const written = attribute !== undefined && Object.hasOwn(positions, attribute) ? positions[attribute] : undefined;
  return written ?? owner?.position ?? TOP;
}

export function nameOfEdge(edge: Pick<GraphEdge, "from" | "to">): string {
  return `${edge.from}->${edge.to}`;
}

/** Up to five names for a message: `a, b, c and 4 more`. */
export function listNames(names: readonly string[]): string {
  if (names.length <= 5) return names.join(", ");
  return `${names.slice(0, 4).join(", ")} and ${names.length - 4} more`;
}
