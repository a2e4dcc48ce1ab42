/** Query and body, read and checked by the schemas of an operation. */
import type { Context } from "hono";
import { z } from "zod";
import { SafepointError } from "../../errors.ts";
import type { Operation } from "./operation.ts";
import { readJsonBody } from "./read-body.ts";

/** *Throws* `usage` for a parameter that is not there, given twice, or none of its kind. */
export function readQuery(row: Operation, url: string): Record<string, unknown> {
  const given = new URL(url).searchParams;
  const shape = row.query?.shape ?? {};
  const raw: Record<string, unknown> = {};
  for (const name of new Set(given.keys())) {
    const schema = Object.hasOwn(shape, name) ? (shape[name] as z.ZodType) : undefined;
    if (!schema) {
      const known = Object.keys(shape);
      const hint = known.length === 0 ? "this operation has none" : `there are ${known.join(", ")}`;
      throw new SafepointError("usage", `unknown query parameter "${name}": ${hint}`, { details: { parameter: name } });
    }
    raw[name] = rawValue(name, given.getAll(name), innermost(schema));
  }
  return row.query ? check(row.query, raw, "query parameter") : raw;
}

/** *Throws* as {@link readJsonBody}, and `usage` for a body that does not fit. */
export async function readBody(row: Operation, c: Context): Promise<unknown> {
  const value = await readJsonBody(c);
  if (!row.body) {
    if (value === undefined) return undefined;
    throw new SafepointError("usage", "expected no body");
  }
  if (value === undefined && !row.bodyOptional) throw new SafepointError("usage", "expected a body, found none");
  return check(row.body, value ?? {}, "body");
}

function rawValue(name: string, texts: readonly string[], schema: z.ZodType): unknown {
  if (schema instanceof z.ZodArray) {
    const each = innermost(schema.element as z.ZodType);
    // Only words of a list can be separated by commas: other texts may hold one.
    return each instanceof z.ZodEnum ? texts.flatMap((text) => text.split(",")) : [...texts];
  }
  const [text = "", second] = texts;
  if (second !== undefined) throw new SafepointError("usage", `query parameter "${name}" is given more than once`);
  if (schema instanceof z.ZodNumber) return /^-?[0-9]{1,15}$/.test(text) ? Number(text) : text;
  if (schema instanceof z.ZodBoolean) return text === "true" || text === "" ? true : text === "false" ? false : text;
  return text;
}

/** Without what may be left out or has a default. */
function innermost(schema: z.ZodType): z.ZodType {
  const { def } = schema as unknown as { readonly def: { readonly innerType?: z.ZodType } };
  return def.innerType === undefined ? schema : innermost(def.innerType);
}

function check<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = issue?.path.map(String).join(".");
  throw new SafepointError("usage", `${what}${path ? ` "${path}"` : ""}: ${issue?.message ?? "does not fit"}`, {
    details: {
      issues: result.error.issues.slice(0, 10).map(({ path: at, message }) => ({ at: at.map(String), message })),
    },
  });
}
