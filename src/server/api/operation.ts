/** What the server can be asked: one row an operation, from which routes, checks and the OpenAPI document are made. */
import type { Context } from "hono";
import type { z } from "zod";
import type { ErrorCode } from "../../errors.ts";
import type { Api } from "../api.ts";

/** What an operation answers with when all is well. */
export interface Answer {
  readonly what: string;
  /** Of JSON. Absent: see `media`. */
  readonly schema?: z.ZodType;
  /** Other forms than JSON, by media type. */
  readonly media?: readonly string[];
  /** Of an event stream: what is in the `data` of each event, by the event's name. */
  readonly events?: Readonly<Record<string, z.ZodType>>;
}

export interface Asked<Q, B> {
  readonly c: Context;
  /** Parts of the path, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Q;
  readonly body: B;
}

interface Row<Q extends z.ZodObject, B extends z.ZodType> {
  readonly id: string;
  readonly method: "get" | "post";
  /** As OpenAPI writes it: `/runs/{runId}`. A part written `{gate+}` may hold slashes. */
  readonly path: string;
  readonly topic: "runs" | "control" | "events" | "inspection" | "questions" | "pipelines" | "attractor" | "server";
  readonly summary: string;
  readonly query?: Q;
  readonly body?: B;
  /** Whether the body may be left out; it is then what the schema makes of an empty object. */
  readonly bodyOptional?: boolean;
  /** Headers beside those that every request has, with what they do. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly answers: Readonly<Record<number, Answer>>;
  /** Codes it may refuse with, beside those that every operation may. */
  readonly refusals?: readonly ErrorCode[];
  /** Whether it is there without a token. */
  readonly open?: boolean;
  handle(asked: Asked<z.output<Q>, z.output<B>>, api: Api): Response | Promise<Response>;
}

export type Operation = Row<z.ZodObject, z.ZodType>;

/** A row with its own types of query and body, as one of the table. */
export function operation<Q extends z.ZodObject = z.ZodObject, B extends z.ZodType = z.ZodType>(
  row: Row<Q, B>,
): Operation {
  return row as unknown as Operation;
}

/** The path as Hono's router reads it. */
export function routePattern({ path }: Pick<Operation, "path">): string {
  return path.replace(/\{(\w+)(\+?)\}/g, (_, name: string, many: string) => `:${name}${many === "" ? "" : "{.+}"}`);
}

/** The path as OpenAPI writes it, and the names of its parts. */
export function documentedPath({ path }: Pick<Operation, "path">): {
  readonly path: string;
  readonly names: readonly string[];
} {
  const names = [...path.matchAll(/\{(\w+)\+?\}/g)].map((match) => match[1] as string);
  return { path: path.replaceAll("+}", "}"), names };
}
