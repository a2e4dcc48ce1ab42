import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Handler } from "../actors/handler.ts";
import { messageOf, SafepointError } from "../errors.ts";
import type { Cli } from "./cli.ts";

/**
 * The handlers of an ES module (`.ts` allowed): its export `handlers`, else its default export, an object from node type
 * to handler. *Throws* `file_not_found`; `configuration` when the module cannot be loaded or has no such export.
 */
export async function loadHandlers(cli: Cli, module: string | undefined): Promise<Readonly<Record<string, Handler>>> {
  if (module === undefined) return {};
  const path = resolve(cli.io.cwd, module);
  if (!existsSync(path)) {
    throw new SafepointError("file_not_found", `no handler module "${module}"`, { details: { file: module } });
  }
  const exports = await importModule(path, module);
  const handlers = exports["handlers"] ?? exports["default"];
  if (!isHandlerTable(handlers)) {
    throw new SafepointError(
      "configuration",
      `${module}: expected an export "handlers", an object from type to handler`,
      {
        details: {
          module,
          exports: Object.keys(exports),
          hint: "export const handlers = { my_type: async (input) => … }",
        },
      },
    );
  }
  return handlers;
}

async function importModule(path: string, module: string): Promise<Record<string, unknown>> {
  try {
    return (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  } catch (cause) {
    throw new SafepointError("configuration", `cannot load handler module "${module}": ${messageOf(cause)}`, {
      details: { module },
      cause,
    });
  }
}

/** What a handler may look like is for the runtime to check; here only that there are some. */
function isHandlerTable(value: unknown): value is Readonly<Record<string, Handler>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Object.values(value).every((handler) => typeof handler === "function" || typeof handler === "object");
}
