/** The dashboard's files, each a route of its own: nothing else of the disk can be asked for. */
import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { extname, join, sep } from "node:path";
import type { Context, Hono } from "hono";
import { messageOf, SafepointError } from "../../errors.ts";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/**
 * The page runs what came with it and nothing else, talks to this server and to no other, and is framed by nobody.
 * Graphviz is WebAssembly; React sets styles of single elements.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/**
 * Serves the files of a directory where the API has nothing, `index.html` at its root. They are there without a token:
 * the page asks for it. *Throws* `configuration` for a directory without a page.
 */
export function mountDashboard(app: Hono, directory: string): void {
  for (const file of filesOf(directory)) {
    app.get(`/${file}`, (c) => answer(c, directory, file));
  }
  app.get("/", async (c): Promise<Response> => {
    // Mounted below a path, there is no slash at its end: what the page names would be looked for beside it.
    if (!c.req.path.endsWith("/")) return c.redirect(`${c.req.path}/index.html`);
    return answer(c, directory, "index.html");
  });
}

function filesOf(directory: string): string[] {
  try {
    const names = readdirSync(directory, { recursive: true, encoding: "utf8" });
    const files = names.filter((name) => extname(name) in TYPES).map((name) => name.replaceAll(sep, "/"));
    if (files.includes("index.html")) return files;
    throw new Error("it has no index.html");
  } catch (cause) {
    throw new SafepointError("configuration", `no dashboard in ${directory}: ${messageOf(cause)}`, {
      cause,
      details: { directory },
    });
  }
}

async function answer(c: Context, directory: string, file: string): Promise<Response> {
  const bytes = await readFile(join(directory, file));
  // What the bundler names by its content never changes; what is asked for by name may, with the next version.
  const isNamedByContent = file.startsWith("assets/");
  return c.body(bytes, 200, {
    "content-type": TYPES[extname(file)] as string,
    "cache-control": isNamedByContent ? "public, max-age=31536000, immutable" : "no-cache",
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
  });
}
