import { attributeApplies } from "../attribute-reading.ts";
import {
  type AttributeOwner,
  type AttributeSpec,
  attributeNames,
  findAttribute,
  isKnownAttribute,
} from "../attributes.ts";
import type { AttributeValue, Graph, GraphEdge, GraphNode } from "../graph.ts";
import { isShippedType, SHIPPED_TYPES, type ShippedType } from "../shapes.ts";
import { expectedValue } from "./attribute-values.ts";
import { nearestName } from "./nearest-name.ts";
import type { Lint } from "./report.ts";

/** Rules about single attributes: known, of the right type, and of some effect where they stand. */
export function attributeRules(lint: Lint): void {
  const seen: Seen = { places: new Set(), nearest: new Map() };
  types(lint);
  for (const each of written(lint.graph)) {
    if (each.node && !isShippedType(each.node.type) && !findAttribute(each.name, "node")) continue;
    const spec = findAttribute(each.name, each.owner);
    if (spec) value(lint, each, spec);
    else if (!isKnownAttribute(each.name, each.owner)) unknown(lint, each, seen);
  }
  fidelity(lint);
  inert(lint);
}

interface Written {
  readonly owner: AttributeOwner;
  readonly name: string;
  readonly value: AttributeValue;
  readonly node?: GraphNode;
  readonly edge?: GraphEdge;
}

interface Seen {
  /** One attribute of a `node [..]` block stands on many nodes and is told of once. */
  readonly places: Set<string>;
  readonly nearest: Map<string, string | undefined>;
}

function* written(graph: Graph): Generator<Written> {
  for (const [name, value] of Object.entries(graph.attributes)) yield { owner: "graph", name, value };
  for (const node of graph.nodes) {
    for (const [name, value] of Object.entries(node.attributes)) yield { owner: "node", name, value, node };
  }
  for (const edge of graph.edges) {
    for (const [name, value] of Object.entries(edge.attributes)) yield { owner: "edge", name, value, edge };
  }
}

/** What people call the types of other names, too far from these to be found as slips of the pen. */
const WORDS_FOR_TYPES: ReadonlyMap<string, ShippedType> = new Map([
  ["human", "wait.human"],
  ["gate", "wait.human"],
  ["shell", "tool"],
  ["command", "tool"],
  ["llm", "codergen"],
  ["agent", "codergen"],
  ["timer", "wait"],
  ["fan_out", "parallel"],
  ["fan_in", "parallel.fan_in"],
  ["end", "exit"],
] as const);

function types({ graph, types: registered, report }: Lint): void {
  const known = [...SHIPPED_TYPES, ...registered];
  for (const node of graph.nodes) {
    if (isShippedType(node.type) || registered.has(node.type)) continue;
    const message = `expected a type that ships or that a handler is registered for, found "${node.type}"`;
    const meant = WORDS_FOR_TYPES.get(node.type) ?? nearestName(node.type, known);
    report("type_known", {
      message,
      node,
      attribute: "type",
      ...(meant === undefined ? {} : { fix: `type="${meant}"` }),
    });
  }
}

function value({ report }: Lint, each: Written, spec: AttributeSpec): void {
  const expected = expectedValue(spec, each.value);
  if (expected === undefined) return;
  const message = `${each.name}: expected ${expected}, found ${JSON.stringify(each.value)}`;
  report("attribute_value", { ...placeIn(each), message });
}

function unknown({ report }: Lint, each: Written, seen: Seen): void {
  const position = (each.edge ?? each.node)?.attributePositions[each.name];
  if (position !== undefined) {
    const place = `${each.name}@${position.line}:${position.column}`;
    if (seen.places.has(place)) return;
    seen.places.add(place);
  }
  const key = `${each.owner} ${each.name}`;
  if (!seen.nearest.has(key)) seen.nearest.set(key, nearestName(each.name, attributeNames(each.owner)));
  const nearest = seen.nearest.get(key);
  const hint =
    nearest === undefined
      ? "it has no effect: remove it, or read it in a handler of your own"
      : `did you mean ${nearest}?`;
  const fix = nearest === undefined ? {} : { fix: nearest };
  report("unknown_attribute", { ...placeIn(each), message: `unknown attribute ${each.name}: ${hint}`, ...fix });
}

function placeIn({ node, edge, name }: Written): { node?: GraphNode; edge?: GraphEdge; attribute: string } {
  return { attribute: name, ...(node ? { node } : {}), ...(edge ? { edge } : {}) };
}

const FIDELITY = /^(?:full|truncate|compact|summary:(?:low|medium|high))$/;

function fidelity({ graph, report }: Lint): void {
  const check = (found: AttributeValue | undefined, place: Omit<Parameters<Lint["report"]>[1], "message">): void => {
    if (found === undefined || FIDELITY.test(String(found))) return;
    const message = `expected full, truncate, compact or summary:low|medium|high, found ${JSON.stringify(found)}`;
    report("fidelity_valid", { ...place, message });
  };
  check(graph.attributes["default_fidelity"], { attribute: "default_fidelity" });
  for (const node of graph.nodes) check(node.attributes["fidelity"], { node, attribute: "fidelity" });
  for (const edge of graph.edges) check(edge.attributes["fidelity"], { edge, attribute: "fidelity" });
}

/** An attribute inherited from a `node [..]` block is inert only where it does nothing for any node it reaches. */
function inert({ graph, report }: Lint): void {
  const places = new Map<string, { useful: boolean; readonly node: GraphNode; readonly name: string }>();
  for (const node of graph.nodes) {
    for (const name of Object.keys(node.attributes)) {
      const position = node.attributePositions[name];
      const key = `${name}@${position ? `${position.line}:${position.column}` : node.id}`;
      const place = places.get(key) ?? { useful: false, node, name };
      if (attributeApplies(node, name)) place.useful = true;
      places.set(key, place);
    }
  }
  for (const { useful, node, name } of places.values()) {
    if (useful) continue;
    const types = findAttribute(name, "node")?.types?.join(", ") ?? "";
    const message = `${name} does nothing on nodes of type ${node.type} (only on ${types}): remove it`;
    report("inert_attribute", { message, node, attribute: name });
  }
}
