/** Values that fit a schema of the OpenAPI document, and values that nearly or not at all do. */
import fc from "fast-check";

export interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
}

/** What no schema asks for, or what trips those who did not expect it. */
export const junk: fc.Arbitrary<unknown> = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.string({ unit: "binary" }),
  fc.constantFrom(
    null,
    "",
    "\u0000",
    "\ud800",
    "__proto__",
    "constructor",
    "../../etc/passwd",
    "' OR 1=1 --",
    "%00",
    "main/fan@1/0",
    -1,
    0,
    1.5,
    Number.MAX_SAFE_INTEGER,
    1e308,
    [],
    {},
    [[[[]]]],
    { __proto__: { a: 1 } },
  ),
  fc.constant(JSON.parse('{"__proto__": {"polluted": true}, "constructor": {"prototype": {}}}')),
);

/** Fits the schema, as far as it tells; `texts` are words that mean something to the server. */
export function fitting(schema: JsonSchema, texts: fc.Arbitrary<string>): fc.Arbitrary<unknown> {
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if ("const" in schema) return fc.constant(schema.const);
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map((each) => fitting(each, texts)));
  switch (schema.type) {
    case "string":
      return fc.oneof(texts, fc.string({ minLength: schema.minLength ?? 0 }));
    case "integer":
    case "number":
      return fc.integer({ min: schema.minimum ?? -5, max: Math.min(schema.maximum ?? 1_000, 1_000) });
    case "boolean":
      return fc.boolean();
    case "array":
      return fc.array(fitting(schema.items ?? {}, texts), { maxLength: 3 });
    case "object":
      return objectOf(schema, texts);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

function objectOf(schema: JsonSchema, texts: fc.Arbitrary<string>): fc.Arbitrary<unknown> {
  const { properties, required = [], additionalProperties } = schema;
  if (!properties) {
    const inner = typeof additionalProperties === "object" ? additionalProperties : {};
    return fc.dictionary(fc.string(), fitting(inner, texts), { maxKeys: 3 });
  }
  const fields = Object.fromEntries(Object.entries(properties).map(([name, each]) => [name, fitting(each, texts)]));
  return fc.record(fields, { requiredKeys: [...required] });
}

/** Mostly fits; here and there a field is junk, missing, or one too many. */
export function nearly(schema: JsonSchema, texts: fc.Arbitrary<string>): fc.Arbitrary<unknown> {
  const { properties } = schema;
  const whole = fitting(schema, texts);
  if (!properties) return fc.oneof({ weight: 9, arbitrary: whole }, { weight: 1, arbitrary: junk });
  const spoilt = fc
    .tuple(whole, fc.oneof(fc.constantFrom(...Object.keys(properties)), fc.string()), junk)
    .map(([value, name, other]) => ({ ...(value as object), [name]: other }));
  return fc.oneof({ weight: 3, arbitrary: whole }, { weight: 3, arbitrary: spoilt }, { weight: 1, arbitrary: junk });
}
