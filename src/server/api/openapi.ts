/** The OpenAPI 3.1 document, made of the table of operations and the schemas that check them. */
import { z } from "zod";
import { ERROR_CODES, type ErrorCode } from "../../errors.ts";
import { problemSchema } from "../schemas/basics.ts";
import { NAMED } from "../schemas/named.ts";
import { documentedPath, type Operation } from "./operation.ts";

type Json = { readonly [key: string]: unknown };

/** What every operation may be refused with. */
const ALWAYS: readonly ErrorCode[] = ["usage", "forbidden", "unauthorized"];
const WITH_BODY: readonly ErrorCode[] = ["body_too_large", "media_type_unsupported", "request_timeout"];
const FAULTS: readonly ErrorCode[] = ["internal", "store_busy"];
const PREFIX = "#/components/schemas/";

export function openApiDocument(operations: readonly Operation[]): Json {
  const schemas: Record<string, Json> = {};
  const paths: Record<string, Record<string, Json>> = {};
  const refer = (schema: z.ZodType, io: "input" | "output") => referTo(schemas, schema, io);
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
    tags: [...new Set(operations.map(({ topic }) => topic))].map((name) => ({ name })),
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
    Object.entries(answers).map(([status, { what, schema, media = [] }]) => {
      const asJson = schema ? { "application/json": { schema: refer(schema, "output") } } : {};
      const others = media.map((type) => [type, { schema: { type: "string" } }] as const);
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
  for (const [name, part] of Object.entries($defs)) schemas[name] = withReferences(part) as Json;
  const id = NAMED.get(schema)?.id;
  if (id === undefined) return withReferences(own) as Json;
  schemas[id] = withReferences(own) as Json;
  return { $ref: `${PREFIX}${id}` };
}

function withReferences(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withReferences);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, inner]) => !(key === "id" && typeof inner === "string"))
      .map(([key, inner]) => {
        if (key === "$ref" && typeof inner === "string") return [key, inner.replace("#/$defs/", PREFIX)];
        return [key, withReferences(inner)];
      }),
  );
}
