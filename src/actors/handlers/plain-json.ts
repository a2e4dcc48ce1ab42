/** The write barrier: what a handler returns must be the same after it was stored and read back. */

/** Nesting of a value that is stored. */
const DEPTH_MAX = 200;

export interface PlainJsonOptions {
  /** For snapshots of machines: properties that hold undefined are left out when written, and mean the same when read. */
  readonly undefinedProperties?: boolean;
}

/**
 * What keeps a value from being plain JSON: one phrase that begins with the path, like `contextUpdates.report.at is a
 * Date`. Undefined when nothing does.
 */
export function findNonJson(value: unknown, path: string, options: PlainJsonOptions = {}): string | undefined {
  return find(value, { path, options, above: new Set() });
}

interface Place {
  readonly path: string;
  readonly options: PlainJsonOptions;
  /** The objects that this one lies in. */
  readonly above: Set<object>;
}

function find(value: unknown, place: Place): string | undefined {
  switch (typeof value) {
    case "string":
    case "boolean":
      return undefined;
    case "number":
      return Number.isFinite(value) ? undefined : `${place.path} is ${value}`;
    case "object":
      return value === null ? undefined : findInObject(value, place);
    case "undefined":
      return `${place.path} is undefined`;
    default:
      return `${place.path} is a ${typeof value}`;
  }
}

function findInObject(value: object, { path, options, above }: Place): string | undefined {
  if (above.has(value)) return `${path} is a cycle`;
  if (above.size >= DEPTH_MAX) return `${path} is nested deeper than ${DEPTH_MAX}`;
  if (!Array.isArray(value) && !isPlainObject(value)) return `${path} is a ${classOf(value)}`;
  above.add(value);
  try {
    for (const key of Array.isArray(value) ? value.keys() : Object.keys(value)) {
      const item = (value as Record<string | number, unknown>)[key];
      if (item === undefined && options.undefinedProperties && typeof key === "string") continue;
      const found = find(item, {
        path: typeof key === "number" ? `${path}[${key}]` : joinPath(path, key),
        options,
        above,
      });
      if (found) return found;
    }
    if (Object.getOwnPropertySymbols(value).length > 0) return `${path} has a property named by a symbol`;
  } finally {
    above.delete(value);
  }
  return undefined;
}

/** Also for objects of another realm, whose prototype is not ours. */
function isPlainObject(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function classOf(value: object): string {
  const name: unknown = Object.getPrototypeOf(value)?.constructor?.name;
  return typeof name === "string" && name !== "" ? name : "class instance";
}

function joinPath(path: string, key: string): string {
  return /^[\w$-]+$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
}
