/** From what a caller hands in to what is pinned and run: files read, stylesheet applied, checked, hashed. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Handler } from "../actors/handler.ts";
import { ENGINE_TYPES, type HandlerRegistry } from "../actors/handlers/registry.ts";
import { DRIVER_TYPES } from "../actors/stage-inputs.ts";
import { SafepointError } from "../errors.ts";
import { resolveFiles } from "../graph/expand-files.ts";
import type { Graph } from "../graph/graph.ts";
import { lint } from "../graph/lint.ts";
import { parsePipeline } from "../graph/parser.ts";
import { applyStylesheet } from "../graph/stylesheet.ts";
import { toDot } from "../graph/to-dot.ts";

export interface PreparedPipeline {
  /** As it runs: what the pinned source parses to, with the stylesheet applied. */
  readonly graph: Graph;
  readonly source: string;
  /** sha-256 of the source, hex. */
  readonly hash: string;
  /** Whether the text of files became part of it. */
  readonly readsFiles: boolean;
}

/**
 * Reads, completes, checks and pins a pipeline. What runs is always what its pinned text says, so that a run taken up
 * later runs the same.
 *
 * Throws: pipeline_invalid with the diagnostics; handler_missing for types that nobody can do.
 */
export function preparePipeline(
  pipeline: Graph | string,
  options: { readonly registry: HandlerRegistry; readonly baseDir: string },
): PreparedPipeline {
  const read = typeof pipeline === "string" ? parsePipeline(pipeline) : pipeline;
  registerInline(read, options.registry);
  const readFile = (path: string) => readText(resolve(options.baseDir, path));
  const complete = resolveFiles(read, readFile);
  const types = new Set([...options.registry.types(), ...ENGINE_TYPES]);
  const errors = lint(complete, { types }).filter(({ severity }) => severity === "error");
  if (errors.length > 0) {
    const [first] = errors;
    const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : "";
    throw new SafepointError("pipeline_invalid", `the pipeline has errors: ${first?.message}${more}`, {
      details: { diagnostics: errors },
    });
  }
  const source = complete === read && read.source !== "" ? read.source : toDot(complete);
  const pinned = pinnedGraph(source);
  const missing = missingTypes(pinned, options.registry);
  if (missing.length > 0) throw cannotRun(missing);
  return {
    graph: pinned,
    source,
    hash: createHash("sha256").update(source).digest("hex"),
    readsFiles: complete !== read,
  };
}

/** The graph that a pinned text stands for. */
export function pinnedGraph(source: string): Graph {
  return applyStylesheet(parsePipeline(source));
}

/** Node types of a graph that neither the engine nor a registered handler does. */
export function missingTypes(graph: Graph, registry: HandlerRegistry): string[] {
  const types = new Set(graph.nodes.map(({ type }) => type));
  return [...types].filter((type) => !DRIVER_TYPES.has(type) && !registry.has(type)).sort();
}

function registerInline(graph: Graph, registry: HandlerRegistry): void {
  const { handlers } = graph as Graph & { readonly handlers?: Readonly<Record<string, Handler>> };
  for (const [type, handler] of Object.entries(handlers ?? {})) registry.register(type, handler);
}

function cannotRun(missing: readonly string[]): SafepointError {
  const planned = missing.filter((type) => ENGINE_TYPES.has(type));
  const hint =
    planned.length > 0
      ? `this release parses and checks ${planned.join(", ")} but cannot run them yet`
      : "register a handler for each before the run is started";
  return new SafepointError("handler_missing", `nothing can run nodes of the type ${missing.join(", ")}: ${hint}`, {
    details: { missing, notBuilt: planned },
  });
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
