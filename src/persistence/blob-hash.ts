/** Content addresses. */
import { createHash } from "node:crypto";
import { SafepointError } from "../errors.ts";

/** sha-256 in hex: the name of a blob. */
export function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Throws `store_corrupt` unless the bytes are those that the name was made from. */
export function assertBlobIntact(hash: string, bytes: Uint8Array): void {
  const found = hashOf(bytes);
  if (found === hash) return;
  throw new SafepointError("store_corrupt", `blob ${hash} holds other bytes (they hash to ${found})`, {
    details: { hash, found },
  });
}
