import { createHash, timingSafeEqual } from "node:crypto";
import type { Context } from "hono";
import { SafepointError } from "../../errors.ts";

/** Compares in a time that tells nothing of where they differ, nor of their lengths. *Throws* `unauthorized`. */
export function refuseWithoutToken(c: Context, token: string): void {
  const given = /^bearer +(\S+) *$/i.exec(c.req.header("authorization") ?? "")?.[1];
  if (given !== undefined && timingSafeEqual(digest(given), digest(token))) return;
  throw new SafepointError(
    "unauthorized",
    `expected the server's token, found ${given === undefined ? "none" : "another"}`,
    {
      details: { hint: "send it as the header `authorization: Bearer <token>`" },
    },
  );
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
