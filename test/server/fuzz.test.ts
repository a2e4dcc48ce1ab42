/** Every operation of the OpenAPI document, asked anything: never a fault, and nothing is stored for what is malformed. */
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openApiDocument } from "../../src/server/api/openapi.ts";
import { OPERATIONS } from "../../src/server/operations.ts";
import { problemSchema } from "../../src/server/schemas/basics.ts";
import { openStore, temporaryFolder } from "../persistence/temporary.ts";
import { ASKING, type Client, HELLO, newest, openServer, settled, steps } from "./fixtures.ts";
import { type JsonSchema, junk, nearly } from "./schema-arbitrary.ts";

interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly schema: JsonSchema;
}

interface Documented {
  readonly parameters: readonly Parameter[];
  readonly requestBody?: { readonly content: { readonly "application/json": { readonly schema: JsonSchema } } };
}

const document = openApiDocument(OPERATIONS) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Documented>>>>;
};
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, row]) => ({ name: `${method.toUpperCase()} ${path}`, path, method, row })),
);

/** Words that mean something here, so that what is asked gets further than the door. */
const words = fc.constantFrom("one", "done", "main", "main/ask@1", "main/a@1", "Y", "c1", "graph.goal", HELLO, ASKING);
const texts = fc.oneof(words, fc.string({ unit: "binary", maxLength: 20 }));
/** Mostly what is there. */
const partOf = (name: string) =>
  fc.oneof(
    { weight: 6, arbitrary: name === "runId" ? fc.constantFrom("one", "done") : fc.constant("main/ask@1") },
    { weight: 1, arbitrary: texts },
  );

/** The characters that a header can hold. */
const headerText = fc.oneof(
  fc.constantFrom("application/json", "text/event-stream", "text/html", "0", "7", "-1", "c1", "*/*", "gzip"),
  fc.string({ maxLength: 20 }).map((text) => text.replace(/[^\x20-\x7e]/g, "?").trim()),
);

/** As often as not the plain one, so that more than one thing at a time is seldom wrong. */
function sometimes<T>(arbitrary: fc.Arbitrary<T>, plain: T): fc.Arbitrary<T> {
  return fc.oneof(arbitrary, fc.constant(plain));
}

interface Asked {
  readonly parts: Readonly<Record<string, string>>;
  readonly query: readonly (readonly [string, string])[];
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

function askedOf({ parameters, requestBody }: Documented): fc.Arbitrary<Asked> {
  const of = (where: Parameter["in"]) => parameters.filter((parameter) => parameter.in === where);
  const record = <T>(rows: readonly Parameter[], value: (row: Parameter) => fc.Arbitrary<T>, isWhole = false) =>
    fc.record(Object.fromEntries(rows.map((row) => [row.name, value(row)])), isWhole ? {} : { requiredKeys: [] });
  const queries = record(of("query"), ({ schema }) => nearly(schema, texts)).map((values) =>
    Object.entries(values).flatMap(([name, value]) =>
      (Array.isArray(value) ? value : [value]).map(
        (each) => [name, typeof each === "string" ? each : JSON.stringify(each)] as const,
      ),
    ),
  );
  const more = fc.array(fc.tuple(fc.string(), fc.string()), { maxLength: 1 });
  const headers = fc.record(
    {
      accept: headerText,
      "last-event-id": headerText,
      "idempotency-key": headerText,
      "content-encoding": fc.constantFrom("identity", "identity", "identity", "gzip"),
    },
    { requiredKeys: [] },
  );
  const schema = requestBody?.content["application/json"].schema;
  return fc.record({
    parts: record(of("path"), ({ name }) => partOf(name), true) as fc.Arbitrary<Record<string, string>>,
    query: fc
      .tuple(
        sometimes(queries, []),
        fc.oneof({ weight: 9, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: more }),
      )
      .map((both) => both.flat()),
    headers: sometimes(headers as fc.Arbitrary<Record<string, string>>, {}),
    body: schema
      ? nearly(schema, texts)
      : fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: junk }),
  });
}

async function ask(client: Client, { path, method }: (typeof operations)[number], asked: Asked): Promise<Response> {
  const place = path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent((asked.parts[name] ?? "").toWellFormed()),
  );
  const query = new URLSearchParams(asked.query.map(([name, value]): [string, string] => [name, value])).toString();
  const isPost = method === "post";
  const hasBody = isPost && asked.body !== undefined;
  return client.app.request(`${place}${query === "" ? "" : `?${query}`}`, {
    method: method.toUpperCase(),
    headers: { ...asked.headers, ...(hasBody ? { "content-type": "application/json" } : {}) },
    ...(hasBody ? { body: JSON.stringify(asked.body) ?? "null" } : {}),
  });
}

async function prepared(): Promise<Client> {
  const client = await openServer({
    runtime: { handlers: steps, store: openStore(join(temporaryFolder(), "runs.db")) },
    server: { definitions: { hello: HELLO } },
  });
  await client.post("/runs", { source: ASKING, runId: "one" });
  await client.post("/runs", { source: HELLO, runId: "done" });
  await (await client.runtime.get("done")).finished();
  return client;
}

describe("asked anything,", () => {
  it.each(operations)("$name answers, or refuses with a problem and stores nothing", async (operation) => {
    const client = await prepared();
    const seen = new Set<number>();
    await fc.assert(
      fc.asyncProperty(askedOf(operation.row), async (asked) => {
        const before = await settled(client);
        const response = await ask(client, operation, asked);
        seen.add(response.status);
        expect(response.status).toBeLessThan(500);
        if (response.headers.get("content-type") === "text/event-stream") {
          await response.body?.cancel();
          return;
        }
        const text = await response.text();
        if (response.status < 400) return;
        expect(response.headers.get("content-type")).toBe("application/problem+json");
        const problem = problemSchema.parse(JSON.parse(text));
        expect(problem.status).toBe(response.status);
        // A command that is understood and refused leaves who gave it in the journal.
        if (!("accepted" in problem) && problem.code !== "run_finished") expect(await newest(client)).toBe(before);
      }),
      { numRuns: 120 },
    );
    // What is asked must not all be turned away at the door.
    expect([...seen].some((status) => ![400, 406, 415].includes(status))).toBe(true);
  });
});

describe("bytes that are no JSON,", () => {
  const posts = operations.filter(({ method, row }) => method === "post" && row.requestBody);

  it.each(posts)("$name refuses", async (operation) => {
    const client = await prepared();
    const before = await settled(client);
    const path = operation.path.replace(/\{(\w+)\}/g, "one");
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1 }), fc.boolean(), async (bytes, isTold) => {
        fc.pre(!isJson(bytes));
        const response = await client.app.request(path, {
          method: "POST",
          headers: {
            "content-type": "application/json",
            ...(isTold ? { "content-length": String(bytes.length) } : {}),
          },
          body: bytes as Uint8Array<ArrayBuffer>,
        });
        expect(response.status).toBe(400);
        expect(await response.json()).toMatchObject({ code: "usage" });
        expect(await newest(client)).toBe(before);
      }),
      { numRuns: 30 },
    );
  });
});

function isJson(bytes: Uint8Array): boolean {
  try {
    JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return true;
  } catch {
    return false;
  }
}
