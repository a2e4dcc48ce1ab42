/** From what a caller hands in to what is pinned and run: files read, stylesheet applied, checked, hashed. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Handler } from "../actors/handler.ts";
import { ENGINE_TYPES, type HandlerRegistry } from "../actors/handlers/registry.ts";
import { DRIVER_TYPES } from "../actors/stage-inputs.ts";
import { isSafepointError, SafepointError } from "../errors.ts";
import { resolveFiles } from "../graph/expand-files.ts";
import type { Graph } from "../graph/graph.ts";
import { withImplicitFanOuts } from "../graph/implicit-fan-out.ts";
import { lint } from "../graph/lint.ts";
import { parsePipeline } from "../graph/parser.ts";
import { applyStylesheet } from "../graph/stylesheet.ts";
import { toDot } from "../graph/to-dot.ts";
import { type ChildPipelines, gatherChildren, type PinnedPipeline } from "./prepare-children.ts";

export interface PreparedPipeline extends PinnedPipeline {
  /** Whether files were read for it: then it may be another at the next start. */
  readonly readsFiles: boolean;
  /** Pipelines of its child runs, those of theirs with them. */
  readonly children: ChildPipelines;
}

interface PrepareOptions {
  readonly registry: HandlerRegistry;
  /** Directory of the pipeline's file. */
  readonly baseDir: string;
}

/**
 * Reads, completes, checks and pins a pipeline and those of its child runs. What runs is always what a pinned text says,
 * so that a run taken up later runs the same.
 *
 * Throws: pipeline_invalid with the diagnostics; handler_missing for types that nobody can do.
 */
export function preparePipeline(pipeline: Graph | string, options: PrepareOptions): PreparedPipeline {
  const read = typeof pipeline === "string" ? parsePipeline(pipeline) : pipeline;
  registerInline(read, options.registry);
  const pinned = pin(read, options);
  const children = gatherChildren(pinned, { baseDir: options.baseDir, pin: (file) => pinFile(file, options) });
  return { ...pinned, children, readsFiles: pinned.readsFiles || children.pipelines.length > 0 };
}

/** The pipeline of a child run. What is wrong with it is said with its file's name. */
function pinFile(file: string, { registry }: PrepareOptions): PinnedPipeline {
  const text = readText(file);
  if (text === undefined) {
    const message = `expected the pipeline file "${file}" of a child run, found none`;
    throw new SafepointError("pipeline_invalid", message, { details: { file } });
  }
  try {
    return pin(parsePipeline(text), { registry, baseDir: dirname(file) });
  } catch (failure) {
    if (!isSafepointError(failure)) throw failure;
    const { code, message, details } = failure;
    throw new SafepointError(code, `${file}: ${message}`, { details: { file, ...details }, cause: failure });
  }
}

function pin(read: Graph, options: PrepareOptions): PinnedPipeline & { readonly readsFiles: boolean } {
  const readFile = (path: string) => readText(resolve(options.baseDir, path));
  const complete = resolveFiles(read, readFile);
  const types = new Set([...options.registry.types(), ...ENGINE_TYPES]);
  const fileExists = (path: string) => existsSync(resolve(options.baseDir, path));
  const errors = lint(complete, { types, fileExists }).filter(({ severity }) => severity === "error");
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
  return withImplicitFanOuts(applyStylesheet(parsePipeline(source)));
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
  const message = `nothing can run nodes of the type ${missing.join(", ")}: register a handler for each before the run is started`;
  return new SafepointError("handler_missing", message, { details: { missing } });
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
