/**
 * Keeps pages of other origins out: a name that an attacker's DNS points to us (rebinding), and requests that another
 * page has a browser send. Programs send neither `origin` nor `sec-fetch-site`, and are let through.
 */
import type { Context } from "hono";
import { SafepointError } from "../../errors.ts";
import type { ServerOptions } from "../server-options.ts";

const LOOPBACK: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

/** *Throws* `forbidden`. */
export function refuseForeign(c: Context, { hosts, token }: Pick<ServerOptions, "hosts" | "token">): void {
  const host = c.req.header("host") ?? new URL(c.req.url).host;
  const allowed = hosts ?? (token === undefined ? LOOPBACK : ["*"]);
  if (!allowed.includes("*") && !allowed.includes(nameOf(host))) {
    throw new SafepointError("forbidden", `this server is not called "${host}"`, {
      details: { host, hint: "the option `hosts` says by which names it may be called" },
    });
  }
  const origin = c.req.header("origin");
  if (origin !== undefined && !isAt(origin, host)) {
    throw new SafepointError("forbidden", `requests of pages from "${origin}" are not answered`, {
      details: { origin },
    });
  }
  const site = c.req.header("sec-fetch-site");
  const isLink = c.req.header("sec-fetch-mode") === "navigate" && c.req.method === "GET";
  if ((site === "cross-site" || site === "same-site") && !isLink) {
    throw new SafepointError("forbidden", "requests of pages from another origin are not answered", {
      details: { site },
    });
  }
}

/** Without the port. */
function nameOf(host: string): string {
  return host.toLowerCase().replace(/:[0-9]*$/, "");
}

function isAt(origin: string, host: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === host.toLowerCase();
}
