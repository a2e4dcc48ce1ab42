/** Shapes and the handler types they stand for. Source: 04-dialect §2. */

/** Types whose handlers ship with Safepoint; any other type needs a registered handler. */
export const SHIPPED_TYPES = [
  "start",
  "exit",
  "codergen",
  "wait.human",
  "conditional",
  "parallel",
  "parallel.fan_in",
  "tool",
  "stack.manager_loop",
  "wait",
  "foreach",
  "loop",
  "pipeline",
] as const;

export type ShippedType = (typeof SHIPPED_TYPES)[number];

/** A Map, so that a shape named `constructor` is as unknown as any other. The first shape of a type is the one it is drawn with. */
const TYPE_BY_SHAPE: ReadonlyMap<string, ShippedType> = new Map<string, ShippedType>([
  ["Mdiamond", "start"],
  ["circle", "start"],
  ["Msquare", "exit"],
  ["doublecircle", "exit"],
  ["box", "codergen"],
  ["tab", "codergen"],
  ["hexagon", "wait.human"],
  ["diamond", "conditional"],
  ["component", "parallel"],
  ["tripleoctagon", "parallel.fan_in"],
  ["parallelogram", "tool"],
  ["house", "stack.manager_loop"],
  ["insulator", "wait"],
]);

/** Ids that make a node a start or an exit when no shape is given to it. */
const TYPE_BY_ID: ReadonlyMap<string, ShippedType> = new Map<string, ShippedType>([
  ["start", "start"],
  ["Start", "start"],
  ["exit", "exit"],
  ["Exit", "exit"],
  ["end", "exit"],
  ["End", "exit"],
]);

const SHIPPED: ReadonlySet<string> = new Set(SHIPPED_TYPES);

export const SHAPES: readonly string[] = [...TYPE_BY_SHAPE.keys()];
export const DEFAULT_SHAPE = "box";

export function isShippedType(type: string): type is ShippedType {
  return SHIPPED.has(type);
}

/** Undefined for a shape that stands for nothing here. */
export function typeOfShape(shape: string): ShippedType | undefined {
  return TYPE_BY_SHAPE.get(shape);
}

export function typeOfId(id: string): ShippedType | undefined {
  return TYPE_BY_ID.get(id);
}

/** The shape a type is drawn with; `box` for the types without one of their own. */
export function shapeOfType(type: string): string {
  for (const [shape, of] of TYPE_BY_SHAPE) if (of === type) return shape;
  return DEFAULT_SHAPE;
}
