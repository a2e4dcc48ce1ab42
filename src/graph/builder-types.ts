import type { ATTRIBUTES } from "./attributes.ts";
import type { AttributeValue, Graph } from "./graph.ts";
import type { JsonValue } from "./outcome.ts";
import type { ShippedType } from "./shapes.ts";

/** The types of the builder, taken from the table of attributes: the same names and words as in DOT. */

type Row = (typeof ATTRIBUTES)[number];

type OwnedBy<R, Owner extends string> = R extends { readonly on: readonly (infer O)[] }
  ? Owner extends O
    ? R
    : never
  : never;

type DoesSomethingOn<R, Type extends string> = R extends { readonly types: readonly (infer T)[] }
  ? Type extends T
    ? R
    : never
  : R;

/** `900s`, `15m`: with its unit, so that nobody has to guess it. */
export type DurationText = `${number}${"ms" | "s" | "m" | "h" | "d"}`;

type ValueOf<R> = R extends { readonly kind: "integer" | "number" }
  ? number
  : R extends { readonly kind: "boolean" }
    ? boolean
    : R extends { readonly kind: "duration" }
      ? DurationText
      : R extends {
            readonly words: readonly (infer Word)[];
            readonly wordPrefixes: readonly (infer Prefix extends string)[];
          }
        ? Word | `${Prefix}${string}`
        : R extends { readonly words: readonly (infer Word)[] }
          ? Word
          : string;

type AttributesOf<R extends Row> = { readonly [Each in R as Each["name"]]?: ValueOf<Each> | undefined };

/** Names outside of the table: families (`conflict.<key>`), layout, and what a handler of the user's own reads. */
type More = { readonly [name: string]: AttributeValue | undefined };

export type GraphAttributes = AttributesOf<OwnedBy<Row, "graph">> & More;
export type EdgeAttributes = AttributesOf<OwnedBy<Row, "edge">> & More;
/** What a node of a type of the user's own may have. */
export type AnyNodeAttributes = AttributesOf<OwnedBy<Row, "node">> & More;
/** What does something on a node of a shipped type. */
export type NodeAttributes<Type extends ShippedType> = Omit<
  AttributesOf<DoesSomethingOn<OwnedBy<Row, "node">, Type>>,
  "shape" | "type" | "node_type"
>;
/** `items` may be the list itself. */
export type ForeachAttributes = Omit<NodeAttributes<"foreach">, "items"> & {
  readonly items: string | readonly JsonValue[];
};

/** A graph with the handlers that were written into it, by generated type name (`inline:<node>`). */
export interface Pipeline<H = unknown> extends Graph {
  /** Not enumerable: the graph itself stays plain JSON. */
  readonly handlers: Readonly<Record<string, H>>;
}

/** Every method that makes a node gives back its id. */
export interface PipelineBuilder<H = unknown> {
  /** Attributes of the graph itself; later calls add to earlier ones. */
  graph(attributes: GraphAttributes): void;
  /** A node called `start` unless said otherwise. */
  start(id?: string, attributes?: NodeAttributes<"start">): string;
  /** A node called `exit` unless said otherwise. */
  exit(id?: string, attributes?: NodeAttributes<"exit">): string;
  codergen(id: string, attributes?: NodeAttributes<"codergen">): string;
  tool(id: string, attributes?: NodeAttributes<"tool">): string;
  gate(id: string, attributes?: NodeAttributes<"wait.human">): string;
  conditional(id: string, attributes?: NodeAttributes<"conditional">): string;
  parallel(id: string, attributes?: NodeAttributes<"parallel">): string;
  fanIn(id: string, attributes?: NodeAttributes<"parallel.fan_in">): string;
  wait(id: string, attributes?: NodeAttributes<"wait">): string;
  foreach(id: string, attributes: ForeachAttributes): string;
  loop(id: string, attributes?: NodeAttributes<"loop">): string;
  /** A child run of another pipeline. */
  pipeline(id: string, attributes?: NodeAttributes<"pipeline">): string;
  /** A node whose work is this handler. */
  task(id: string, handler: H, attributes?: Omit<AnyNodeAttributes, "type">): string;
  /** A node of any type, among them those registered with a runtime. */
  node(id: string, attributes?: AnyNodeAttributes): string;
  /** Nodes may be named before they are made. */
  edge(from: string, to: string, attributes?: EdgeAttributes): void;
  /** An edge from each node to the next. */
  chain(...ids: readonly [string, string, ...string[]]): void;
  /** A subgraph: the body of a container, or nodes that belong together. Gives back its id. */
  body(id: string, build: (p: PipelineBuilder<H>) => void, attributes?: { readonly label?: string }): string;
}
