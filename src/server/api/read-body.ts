/** The body of a request: bounded in bytes, time and depth, before anything looks at it. */
import type { Context } from "hono";
import { messageOf, SafepointError } from "../../errors.ts";
import { HTTP_BODY_BYTES_MAX, HTTP_BODY_MS_MAX, JSON_NESTING_MAX } from "../../limits.ts";

/**
 * The body as JSON; undefined for a request without one.
 * *Throws* `body_too_large`, `media_type_unsupported`, `request_timeout`; `usage` for what is no JSON.
 */
export async function readJsonBody(c: Context, { waitMs = HTTP_BODY_MS_MAX } = {}): Promise<unknown> {
  const told = c.req.header("content-length");
  if (told !== undefined && Number(told) > HTTP_BODY_BYTES_MAX) throw tooLarge();
  const bytes = await readBytes(c, waitMs);
  if (bytes.byteLength === 0) return undefined;
  assertJsonType(c);
  const value = parse(bytes);
  assertShallow(value);
  return value;
}

async function readBytes(c: Context, waitMs: number): Promise<Uint8Array> {
  const { body } = c.req.raw;
  if (body === null) return new Uint8Array();
  const reader: ReadableStreamDefaultReader<Uint8Array> = body.getReader();
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(new SafepointError("request_timeout", `the body did not arrive within ${waitMs} ms`));
  }, waitMs);
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await Promise.race([read(reader), late.promise]);
      if (done) return Buffer.concat(chunks);
      size += value.byteLength;
      if (size > HTTP_BODY_BYTES_MAX) throw tooLarge();
      chunks.push(value);
    }
  } catch (failure) {
    // Not waited for: a body that does not come does not end either.
    reader.cancel().catch(() => {});
    throw failure;
  } finally {
    clearTimeout(timer);
  }
}

async function read(reader: ReadableStreamDefaultReader<Uint8Array>) {
  try {
    return await reader.read();
  } catch (cause) {
    throw new SafepointError("usage", `the body ended before it was whole: ${messageOf(cause)}`, { cause });
  }
}

function tooLarge(): SafepointError {
  return new SafepointError("body_too_large", `expected a body of at most ${HTTP_BODY_BYTES_MAX} bytes`, {
    details: { limit: HTTP_BODY_BYTES_MAX },
  });
}

/** A page of another origin can send a form without asking us first, but no JSON: that takes a preflight, which we refuse. */
function assertJsonType(c: Context): void {
  const type = c.req.header("content-type")?.split(";")[0]?.trim().toLowerCase();
  const encoding = c.req.header("content-encoding")?.trim().toLowerCase() ?? "identity";
  if (type !== "application/json" || encoding !== "identity") {
    const found = type === undefined || type === "" ? "none" : `"${type}"`;
    throw new SafepointError(
      "media_type_unsupported",
      encoding === "identity"
        ? `expected a body of the type application/json, found ${found}`
        : `expected a body as it is, found one encoded as "${encoding}"`,
    );
  }
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as unknown;
  } catch (cause) {
    throw new SafepointError("usage", `the body is not JSON: ${messageOf(cause)}`, { cause });
  }
}

/** Without recursion, which is what depth would break. */
function assertShallow(value: unknown): void {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > JSON_NESTING_MAX) {
      throw new SafepointError("usage", `expected at most ${JSON_NESTING_MAX} levels of nesting in the body`);
    }
    const next: unknown[] = [];
    for (const each of level) {
      if (typeof each === "object" && each !== null) for (const inner of Object.values(each)) next.push(inner);
    }
    level = next;
  }
}
