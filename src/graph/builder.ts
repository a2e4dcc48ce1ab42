import { SafepointError } from "../errors.ts";
import type {
  AnyNodeAttributes,
  EdgeAttributes,
  ForeachAttributes,
  Pipeline,
  PipelineBuilder,
} from "./builder-types.ts";
import type { Attributes, AttributeValue, GraphEdge, GraphNode, Position, Subgraph } from "./graph.ts";
import { parsePipeline } from "./parser.ts";
import { type ShippedType, shapeOfType, typeOfShape } from "./shapes.ts";
import { toDot } from "./to-dot.ts";

/** `definePipeline` with the handlers it takes given: how the library's door offers it. */
export type DefinePipeline<H> = (name: string, build: (p: PipelineBuilder<H>) => void) => Pipeline<H>;

/** What has been built so far. */
interface Building<H> {
  readonly name: string;
  attributes: Attributes;
  readonly nodes: GraphNode[];
  readonly edges: GraphEdge[];
  readonly subgraphs: Subgraph[];
  readonly ids: { readonly nodes: Set<string>; readonly subgraphs: Set<string> };
  readonly handlers: Record<string, H>;
  /** The calls whose nodes are looked for when all are known. */
  readonly references: { readonly call: string; readonly id: string }[];
  sealed: boolean;
}

/** Graph and text come of the same print, so positions point into `graph.source`. */
const NOWHERE: Position = { line: 1, column: 1 };

/**
 * Builds in TypeScript the same Graph that DOT would give, with handlers written in place.
 * The graph is printed and parsed: it is normalised as any other, its source is the DOT text, and its hash that text's.
 *
 * Throws pipeline_invalid naming the call for an id used twice, a node that is not there, a value that is no attribute.
 */
export function definePipeline<H = unknown>(name: string, build: (p: PipelineBuilder<H>) => void): Pipeline<H> {
  const building: Building<H> = {
    name,
    attributes: {},
    nodes: [],
    edges: [],
    subgraphs: [],
    ids: { nodes: new Set(), subgraphs: new Set() },
    handlers: Object.create(null),
    references: [],
    sealed: false,
  };
  callBuild(building, undefined, build);
  building.sealed = true;
  for (const { call, id } of building.references) {
    if (!building.ids.nodes.has(id)) throw invalid(building, call, `there is no node ${JSON.stringify(id)}`);
  }
  const graph = parsePipeline(toDot(building), { file: name });
  return Object.freeze(
    Object.defineProperty({ ...graph }, "handlers", { value: Object.freeze(building.handlers) }),
  ) as Pipeline<H>;
}

function callBuild<H>(
  building: Building<H>,
  subgraph: string | undefined,
  build: (p: PipelineBuilder<H>) => void,
): void {
  const returned: unknown = build(createBuilder(building, subgraph));
  if (returned instanceof Promise) {
    returned.catch(() => {});
    throw invalid(building, "definePipeline", "the function that builds is asynchronous: make it synchronous");
  }
}

function createBuilder<H>(building: Building<H>, subgraph: string | undefined): PipelineBuilder<H> {
  const make =
    (method: string, type: ShippedType) =>
    (id: string, attributes: object = {}) =>
      addNode(building, { call: callOf(method, id), id, subgraph, attributes: { ...typing(type), ...attributes } });
  return {
    graph: (attributes) => {
      const checked = checkAttributes(building, "p.graph({ … })", attributes);
      building.attributes = { ...building.attributes, ...checked };
    },
    start: (id = "start", attributes = {}) => make("start", "start")(id, attributes),
    exit: (id = "exit", attributes = {}) => make("exit", "exit")(id, attributes),
    codergen: make("codergen", "codergen"),
    tool: make("tool", "tool"),
    gate: make("gate", "wait.human"),
    conditional: make("conditional", "conditional"),
    parallel: make("parallel", "parallel"),
    fanIn: make("fanIn", "parallel.fan_in"),
    wait: make("wait", "wait"),
    foreach: (id, attributes) => make("foreach", "foreach")(id, withItemsAsText(attributes)),
    loop: make("loop", "loop"),
    pipeline: make("pipeline", "pipeline"),
    task: (id, handler, attributes = {}) => addTask(building, { id, handler, subgraph, attributes }),
    node: (id, attributes = {}) => addNode(building, { call: callOf("node", id), id, subgraph, attributes }),
    edge: (from, to, attributes = {}) => addEdge(building, { call: callOf("edge", from, to), from, to, attributes }),
    chain: (...ids) => {
      const call = callOf("chain", ...ids);
      for (const [index, to] of ids.slice(1).entries())
        addEdge(building, { call, from: ids[index] ?? to, to, attributes: {} });
    },
    body: (id, build, attributes = {}) => addBody(building, { id, parent: subgraph, build, attributes }),
  };
}

/** A type is said by its shape where it has one of its own, as authors of DOT do. */
function typing(type: ShippedType): Attributes {
  const shape = shapeOfType(type);
  return typeOfShape(shape) === type ? { shape } : { type };
}

interface NewNode {
  readonly call: string;
  readonly id: string;
  readonly subgraph: string | undefined;
  readonly attributes: object;
}

function addNode<H>(building: Building<H>, { call, id, subgraph, attributes }: NewNode): string {
  claimId(building, call, { id, among: building.ids.nodes, what: "node" });
  building.nodes.push({
    id,
    type: "",
    shape: "",
    label: id,
    attributes: checkAttributes(building, call, attributes),
    classes: [],
    ...(subgraph === undefined ? {} : { subgraph }),
    position: NOWHERE,
    attributePositions: {},
    declared: true,
  });
  return id;
}

function addTask<H>(
  building: Building<H>,
  task: { id: string; handler: H; subgraph: string | undefined; attributes: Omit<AnyNodeAttributes, "type"> },
): string {
  const { id, handler, subgraph, attributes } = task;
  const call = callOf("task", id);
  const type = `inline:${id}`;
  if (handler === undefined || handler === null)
    throw invalid(building, call, "expected a handler as the second argument");
  addNode(building, { call, id, subgraph, attributes: { ...attributes, type } });
  building.handlers[type] = handler;
  return id;
}

function addEdge<H>(
  building: Building<H>,
  edge: { call: string; from: string; to: string; attributes: EdgeAttributes },
): void {
  const { call, from, to } = edge;
  const attributes = checkAttributes(building, call, edge.attributes);
  building.references.push({ call, id: from }, { call, id: to });
  building.edges.push({
    index: building.edges.length,
    from,
    to,
    attributes,
    position: NOWHERE,
    attributePositions: {},
  });
}

function addBody<H>(
  building: Building<H>,
  body: { id: string; parent: string | undefined; build: (p: PipelineBuilder<H>) => void; attributes: object },
): string {
  const { id, parent, build } = body;
  const call = callOf("body", id);
  claimId(building, call, { id, among: building.ids.subgraphs, what: "subgraph" });
  const attributes = checkAttributes(building, call, body.attributes);
  building.subgraphs.push({
    id,
    attributes,
    nodes: [],
    ...(parent === undefined ? {} : { parent }),
    position: NOWHERE,
  });
  callBuild(building, id, build);
  return id;
}

function withItemsAsText({ items, ...rest }: ForeachAttributes): object {
  return { ...rest, items: typeof items === "string" ? items : JSON.stringify(items) };
}

function claimId<H>(
  building: Building<H>,
  call: string,
  claim: { id: string; among: Set<string>; what: string },
): void {
  const { id, among, what } = claim;
  if (building.sealed) throw invalid(building, call, "called after definePipeline returned");
  if (typeof id !== "string" || id === "") throw invalid(building, call, `expected an id, found ${JSON.stringify(id)}`);
  if (among.has(id)) throw invalid(building, call, `there is a ${what} of that id already`);
  among.add(id);
}

/** A copy without what is undefined, and nothing in it but texts, finite numbers and booleans. */
function checkAttributes<H>(building: Building<H>, call: string, attributes: object): Attributes {
  if (building.sealed) throw invalid(building, call, "called after definePipeline returned");
  const checked: Record<string, AttributeValue> = Object.create(null);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined) continue;
    const fits = typeof value === "string" || typeof value === "boolean" || Number.isFinite(value);
    if (!fits) {
      throw invalid(building, call, `${name} is to be a text, a finite number or a boolean, found ${String(value)}`);
    }
    checked[name] = value as AttributeValue;
  }
  return checked;
}

function callOf(method: string, ...args: readonly unknown[]): string {
  return `p.${method}(${args.map((arg) => JSON.stringify(arg)).join(", ")})`;
}

function invalid<H>(building: Building<H>, call: string, problem: string): SafepointError {
  return new SafepointError("pipeline_invalid", `pipeline ${JSON.stringify(building.name)}: ${call}: ${problem}`, {
    details: { pipeline: building.name, call },
  });
}
