/** Pipelines before they are runs: checked, and those that can be started by name. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { z } from "zod";
import type { Graph } from "../../graph/index.ts";
import { lint } from "../../graph/lint.ts";
import { parsePipeline, readPipeline } from "../../graph/parser.ts";
import { operation } from "../api/operation.ts";
import { count, text } from "../schemas/basics.ts";
import { named } from "../schemas/named.ts";

const diagnostic = named(
  "Diagnostic",
  z.strictObject({
    rule: text,
    severity: z.enum(["error", "warning", "info"]),
    message: text,
    node: text.exactOptional(),
    edge: z.unknown().exactOptional(),
    line: count.exactOptional(),
    column: count.exactOptional(),
    fix: text.exactOptional(),
  }),
);

export const PIPELINE_OPERATIONS = [
  operation({
    id: "validatePipeline",
    method: "post",
    path: "/validate",
    topic: "pipelines",
    summary: "Check a pipeline's text, and say what is wrong with it",
    body: z.strictObject({ source: text }),
    answers: {
      200: {
        what: "What was found; `ok` where nothing keeps it from being run.",
        schema: z.strictObject({ ok: z.boolean(), name: text.exactOptional(), diagnostics: z.array(diagnostic) }),
      },
    },
    handle({ c, body: { source } }, { options }) {
      const { graph, diagnostics: unread } = readPipeline(source);
      const fileExists = (path: string) => existsSync(resolve(options.baseDir ?? process.cwd(), path));
      const diagnostics = graph ? lint(graph, { types: new Set(options.types), fileExists }) : unread;
      const ok = diagnostics.every(({ severity }) => severity !== "error");
      return c.json({ ok, ...(graph ? { name: graph.name } : {}), diagnostics });
    },
  }),
  operation({
    id: "listDefinitions",
    method: "get",
    path: "/definitions",
    topic: "pipelines",
    summary: "Pipelines that can be started by name",
    answers: {
      200: {
        what: "Their names and what they are made of.",
        schema: z.strictObject({
          definitions: z.array(
            z.strictObject({ name: text, pipeline: text, goal: text.exactOptional(), nodes: count, edges: count }),
          ),
        }),
      },
    },
    handle({ c }, { options }) {
      const definitions = Object.entries(options.definitions ?? {}).map(([name, definition]) => {
        const graph: Graph = typeof definition === "string" ? parsePipeline(definition) : definition;
        const { goal } = graph.attributes;
        return {
          name,
          pipeline: graph.name,
          ...(typeof goal === "string" && goal !== "" ? { goal } : {}),
          nodes: graph.nodes.length,
          edges: graph.edges.length,
        };
      });
      return c.json({ definitions });
    },
  }),
];
