import { z } from "zod";

/** Schemas that the OpenAPI document lists under a name of their own. */
export const NAMED = z.registry<{ readonly id: string; readonly description?: string }>();

export function named<S extends z.ZodType>(id: string, schema: S): S {
  NAMED.add(schema, { id });
  return schema;
}
