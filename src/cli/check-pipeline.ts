import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { SafepointError } from "../errors.ts";
import { renderDiagnostic } from "../graph/diagnostic.ts";
import type { Diagnostic, Graph, Severity } from "../graph/index.ts";
import { lint } from "../graph/lint.ts";
import { readPipeline } from "../graph/parser.ts";
import type { Cli } from "./cli.ts";
import { readText } from "./read-text.ts";

/** A pipeline's file as it was read and judged. `graph` is absent where the text cannot be read at all. */
export interface CheckedPipeline {
  readonly file: string;
  readonly text: string;
  /** Directory that `@file` references start from. */
  readonly baseDir: string;
  readonly graph?: Graph;
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads and lints a pipeline. `types` are the registered handler types beside those that ship. */
export async function checkPipeline(cli: Cli, file: string, types: Iterable<string> = []): Promise<CheckedPipeline> {
  const text = await readText(cli.io, file);
  const baseDir = file === "-" ? cli.io.cwd : dirname(resolve(cli.io.cwd, file));
  const { graph, diagnostics } = readPipeline(text, { file });
  if (!graph) return { file, text, baseDir, diagnostics };
  const fileExists = (path: string) => existsSync(resolve(baseDir, path));
  return { file, text, baseDir, graph, diagnostics: lint(graph, { types: new Set(types), fileExists }) };
}

export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((diagnostic) => diagnostic.severity === "error");
}

/** A diagnostic for people: place, severity, rule and message, the line with a caret, and what would put it right. */
export function renderProblem(pipeline: CheckedPipeline, diagnostic: Diagnostic): string {
  const message = `${diagnostic.severity} [${diagnostic.rule}] ${diagnostic.message}`;
  const shown = renderDiagnostic({ text: pipeline.text, file: pipeline.file }, { ...diagnostic, message });
  return diagnostic.fix === undefined ? shown : `${shown}\n    fix: ${diagnostic.fix}`;
}

export function renderProblems(pipeline: CheckedPipeline, severities: readonly Severity[]): readonly string[] {
  return pipeline.diagnostics
    .filter((diagnostic) => severities.includes(diagnostic.severity))
    .map((diagnostic) => renderProblem(pipeline, diagnostic));
}

/** *Throws* `pipeline_invalid` with all the errors of a pipeline that has some; they are shown in the message. */
export function requireSound(pipeline: CheckedPipeline): Graph {
  if (pipeline.graph && !hasErrors(pipeline.diagnostics)) return pipeline.graph;
  const { file, graph } = pipeline;
  const errors = pipeline.diagnostics.filter(({ severity }) => severity === "error");
  // Of a text that is no pipeline, the place where reading it ended.
  const place = graph ? {} : { line: errors[0]?.line, column: errors[0]?.column };
  const shown = errors.map((error) => renderProblem(pipeline, error));
  throw new SafepointError("pipeline_invalid", shown.join("\n"), {
    details: { file, ...place, diagnostics: errors },
  });
}
