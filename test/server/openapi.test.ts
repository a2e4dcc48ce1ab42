/** The OpenAPI document: as it was agreed on, whole, and the same as the reference and the metrics say. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { openApiDocument } from "../../src/server/api/openapi.ts";
import { OPERATIONS } from "../../src/server/operations.ts";
import { readSource } from "../tidy/sources.ts";
import { checkTable, tableRows } from "../tidy/tables.ts";
import { openServer } from "./fixtures.ts";

const document = openApiDocument(OPERATIONS) as {
  paths: Record<string, Record<string, { operationId: string; responses: object; parameters: { name: string }[] }>>;
  components: { schemas: Record<string, object>; responses: Record<string, object> };
};
const reference = readSource("docs/reference/http.md").text;

/** Every object within a document, itself too. */
function* objectsIn(value: unknown): Generator<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value)) yield value as Record<string, unknown>;
  for (const inner of Object.values(value)) yield* objectsIn(inner);
}

describe("the OpenAPI document", () => {
  it("is the one that was agreed on; vitest run -u takes over what was changed on purpose", async () => {
    await expect(`${JSON.stringify(document, null, 2)}\n`).toMatchFileSnapshot("openapi.golden.json");
  });

  it("is what the server gives", async () => {
    const { app } = await openServer();
    const response = await app.request("/openapi.json");
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(await response.text()).toBe(readFileSync(new URL("openapi.golden.json", import.meta.url), "utf8"));
  });

  it("refers only to what it has, and has nothing that nobody refers to", () => {
    const refs = [...objectsIn(document)].flatMap(({ $ref }) => (typeof $ref === "string" ? [$ref] : []));
    const there = [
      ...Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`),
      ...Object.keys(document.components.responses).map((name) => `#/components/responses/${name}`),
    ];
    expect(new Set(refs)).toEqual(new Set(there));
  });

  it("says what each schema is, none by another's name alone", () => {
    for (const [name, schema] of Object.entries(document.components.schemas))
      expect([name, Object.keys(schema)]).not.toEqual([name, ["$ref"]]);
    expect(Object.keys(document.components.schemas).filter((name) => !/^[A-Z]\w+$/.test(name))).toEqual([]);
  });

  it("names each operation once, and each part of its path", () => {
    const rows = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.values(methods).map((row) => ({ path, ...row })),
    );
    expect(new Set(rows.map(({ operationId }) => operationId)).size).toBe(OPERATIONS.length);
    for (const { path, parameters } of rows)
      for (const [, name] of path.matchAll(/\{(\w+)\}/g)) expect(parameters.map((each) => each.name)).toContain(name);
  });
});

describe("http.md", () => {
  const section = (heading: string) => reference.split(`## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";

  it("has every operation", () => {
    const rows = OPERATIONS.map(({ method, path, summary }) => [
      `${method.toUpperCase()} ${path.replaceAll("+}", "}")}`,
      `${summary}.`,
    ]);
    expect(checkTable("http.md", tableRows(section("Operations")), rows)).toEqual([]);
  });

  it("has every metric", async () => {
    const { get } = await openServer();
    const text = await (await get("/metrics")).text();
    const rows = [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name = "", kind = ""]) => [name, kind]);
    expect(rows.length).toBeGreaterThan(5);
    expect(checkTable("http.md", tableRows(section("Metrics")), rows)).toEqual([]);
  });
});
