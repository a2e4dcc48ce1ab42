/** The OpenAPI 3.1 document, made of the table of operations and the schemas that check them. */
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { assert, ERROR_CODES, type ErrorCode } from "../../errors.ts";
import { json, problemSchema } from "../schemas/basics.ts";
import { NAMED } from "../schemas/named.ts";
import { documentedPath, type Operation } from "./operation.ts";

type Json = { readonly [key: string]: unknown };

const TOPICS: Readonly<Record<Operation["topic"], string>> = {
  runs: "Runs, whole and in parts",
  control: "Commands to runs",
  events: "The journal",
  inspection: "What actors do, while somebody looks on",
  questions: "Questions that wait for a person",
  pipelines: "Pipelines before they are runs",
  attractor: "The routes of the Attractor specification",
  server: "The server itself",
};

/** What every operation may be refused with. */
const ALWAYS: readonly ErrorCode[] = ["usage", "forbidden", "unauthorized"];
const WITH_BODY: readonly ErrorCode[] = ["body_too_large", "media_type_unsupported", "request_timeout"];
const FAULTS: readonly ErrorCode[] = ["internal", "store_busy"];
const PREFIX = "#/components/schemas/";

export function openApiDocument(operations: readonly Operation[]): Json {
  const schemas: Record<string, Json> = {};
  const paths: Record<string, Record<string, Json>> = {};
  const refer = (schema: z.ZodType, io: "input" | "output") => referTo(schemas, schema, io);
  refer(json, "output");
  for (const row of operations) {
    const { path } = documentedPath(row);
    paths[path] = { ...paths[path], [row.method]: describe(row, refer) };
  }
  refer(problemSchema, "output");
  return {
    openapi: "3.1.0",
    info: {
      title: "Safepoint",
      version: "1",
      summary: "Durable pipelines that you can stop at any moment and trust to go on",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/", description: "Relative to where the server is mounted" }],
    security: [{ token: [] }, {}],
    tags: [...new Set(operations.map(({ topic }) => topic))].map((name) => ({ name, description: TOPICS[name] })),
    paths,
    components: {
      schemas: Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1))),
      responses: { Problem: { description: "Refused, or a fault.", content: problemContent() } },
      securitySchemes: { token: { type: "http", scheme: "bearer", description: "Where the server has a token." } },
    },
  };
}

type Refer = (schema: z.ZodType, io: "input" | "output") => Json;

function describe(row: Operation, refer: Refer): Json {
  return {
    operationId: row.id,
    tags: [row.topic],
    summary: row.summary,
    ...(row.open ? { security: [{}] } : {}),
    parameters: [...pathParameters(row), ...queryParameters(row, refer), ...headerParameters(row)],
    ...(row.body ? { requestBody: bodyOf(row, refer) } : {}),
    responses: { ...answersOf(row, refer), ...refusalsOf(row) },
  };
}

function pathParameters(row: Operation): Json[] {
  return documentedPath(row).names.map((name) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string", minLength: 1 },
  }));
}

function queryParameters({ query }: Operation, refer: Refer): Json[] {
  const shape: Record<string, z.ZodType> = query?.shape ?? {};
  return Object.entries(shape).map(([name, schema]) => ({
    name,
    in: "query",
    required: !schema.safeParse(undefined).success && !isOptional(schema),
    schema: refer(schema, "input"),
  }));
}

/** `exactOptional` takes a key that is absent, not one that is undefined. */
function isOptional(schema: z.ZodType): boolean {
  return z.object({ key: schema }).safeParse({}).success;
}

function headerParameters({ headers = {} }: Operation): Json[] {
  return Object.entries(headers).map(([name, description]) => ({
    name,
    in: "header",
    required: false,
    description,
    schema: { type: "string" },
  }));
}

function bodyOf({ body, bodyOptional }: Operation, refer: Refer): Json {
  const schema = refer(body as z.ZodType, "input");
  return { required: bodyOptional !== true, content: { "application/json": { schema } } };
}

function answersOf({ answers }: Operation, refer: Refer): Json {
  return Object.fromEntries(
    Object.entries(answers).map(([status, { what, schema, media = [], events }]) => {
      const asJson = schema ? { "application/json": { schema: refer(schema, "output") } } : {};
      // OpenAPI 3.1 has no words for what is in a stream.
      const told = Object.entries(events ?? {}).map(([name, data]) => [name, refer(data, "output")] as const);
      const inside = told.length === 0 ? {} : { "x-events": Object.fromEntries(told) };
      const others = media.map((type) => [type, { schema: { type: "string" }, ...inside }] as const);
      return [status, { description: what, content: { ...asJson, ...Object.fromEntries(others) } }];
    }),
  );
}

/** The codes by the status they have, each status once. */
function refusalsOf({ refusals = [], body, answers }: Operation): Json {
  const codes = [...ALWAYS, ...(body ? WITH_BODY : []), ...refusals, ...FAULTS];
  const byStatus = Map.groupBy(new Set(codes), (code) => ERROR_CODES[code].http);
  const rows = [...byStatus].filter(([status]) => !(status in answers)).sort(([a], [b]) => a - b);
  return Object.fromEntries(
    rows.map(([status, of]) => [
      status,
      { $ref: "#/components/responses/Problem", description: of.map((code) => `\`${code}\``).join(", ") },
    ]),
  );
}

function problemContent(): Json {
  return { "application/problem+json": { schema: { $ref: `${PREFIX}Problem` } } };
}

/** A schema as JSON Schema; parts of it that have a name are moved to `schemas`. */
function referTo(schemas: Record<string, Json>, schema: z.ZodType, io: "input" | "output"): Json {
  const {
    $schema: _,
    $defs = {},
    ...own
  } = z.toJSONSchema(schema, {
    metadata: NAMED,
    io,
    unrepresentable: "any",
    override: ({ jsonSchema }) => {
      // The pattern of a date-time is a page long and says nothing that the format does not.
      if (jsonSchema.format === "date-time") delete jsonSchema.pattern;
    },
  }) as Json & { readonly $defs?: Record<string, Json> };
  const aliases = new Map(Object.keys($defs).map((name) => [name, name.startsWith("__") ? "Json" : name]));
  for (const [name, part] of Object.entries($defs)) {
    const placed = withReferences(part, aliases) as Json;
    const alias = aliases.get(name) as string;
    // The one part that zod finds without a name is any JSON, which the run view has of its own.
    const isKnown = alias === name || isDeepStrictEqual(placed, schemas[alias]);
    assert(isKnown, "a schema that others refer to has a name of its own", { part });
    schemas[alias] = placed;
  }
  const id = NAMED.get(schema)?.id;
  if (id === undefined) return withReferences(own, aliases) as Json;
  // A schema that holds itself is among its own parts already.
  if (!aliases.has(id)) schemas[id] = withReferences(own, aliases) as Json;
  return { $ref: `${PREFIX}${id}` };
}

/** References of JSON Schema as those of the document; what zod says of names is left out. */
function withReferences(value: unknown, aliases: ReadonlyMap<string, string> = new Map()): unknown {
  if (Array.isArray(value)) return value.map((inner) => withReferences(inner, aliases));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, inner]) => !(key === "id" && typeof inner === "string"))
      .map(([key, inner]) => {
        if (key !== "$ref" || typeof inner !== "string") return [key, withReferences(inner, aliases)];
        const name = inner.replace("#/$defs/", "");
        return [key, `${PREFIX}${aliases.get(name) ?? name}`];
      }),
  );
}
