import { isSafepointError } from "../errors.ts";
import { SOURCE_BYTES_MAX } from "../limits.ts";
import { type SourceText, sourceError } from "./diagnostic.ts";
import type { Diagnostic, Graph } from "./graph.ts";
import { finishGraph } from "./normalise-graph.ts";
import { readDigraph } from "./parser-grammar.ts";

export interface ParseOptions {
  /** What messages call the text. */
  readonly file?: string;
}

/** What reading a text gave: a graph, or the reason why there is none. */
export interface Reading {
  readonly graph?: Graph;
  /** The graph's notes, or the one error that stopped the reading. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Reads a pipeline's DOT text into a normalised, frozen Graph, in time linear in the text.
 * What was normalised is said in `graph.notes`; whether the pipeline makes sense is for `lint` to say.
 *
 * Throws pipeline_invalid where the text is no digraph, limit_exceeded where it is too large; the message holds line,
 * column, the line's text and a caret, `details` has `{ file?, line, column, diagnostics }`.
 */
export function parsePipeline(text: string, options: ParseOptions = {}): Graph {
  const source: SourceText = options.file === undefined ? { text } : { text, file: options.file };
  checkSize(source);
  return finishGraph(readDigraph(source));
}

/** As {@link parsePipeline}, but an unreadable text is a diagnostic of the rule `syntax` instead of an exception. */
export function readPipeline(text: string, options: ParseOptions = {}): Reading {
  try {
    const graph = parsePipeline(text, options);
    return { graph, diagnostics: graph.notes };
  } catch (thrown) {
    if (!isSafepointError(thrown) || !Array.isArray(thrown.details["diagnostics"])) throw thrown;
    return { diagnostics: thrown.details["diagnostics"] as readonly Diagnostic[] };
  }
}

function checkSize(source: SourceText): void {
  const { text } = source;
  // UTF-8 takes one to three bytes for each UTF-16 unit: most texts need no counting.
  if (text.length * 3 <= SOURCE_BYTES_MAX) return;
  const bytes = new TextEncoder().encode(text).length;
  if (bytes <= SOURCE_BYTES_MAX) return;
  throw sourceError(
    { ...source, text: text.slice(0, 200) },
    { line: 1, column: 1 },
    {
      code: "limit_exceeded",
      message: `a pipeline's text has at most ${SOURCE_BYTES_MAX} bytes, and this one has ${bytes}`,
      details: { limit: "bytes", max: SOURCE_BYTES_MAX, found: bytes },
    },
  );
}
