import { createHmac } from "node:crypto";

/** The header that proves who sent a body and when: `t=<seconds>,v1=<hex of HMAC-SHA-256 over "<seconds>.<body>">`. */
export function signatureOf(
  body: string,
  { secret, atMs }: { readonly secret: string; readonly atMs: number },
): string {
  const seconds = Math.floor(atMs / 1_000);
  return `t=${seconds},v1=${createHmac("sha256", secret).update(`${seconds}.${body}`).digest("hex")}`;
}
