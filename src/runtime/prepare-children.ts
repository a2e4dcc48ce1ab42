/**
 * The pipelines of child runs: read when their parent is started, with those of their own children, so that what runs
 * later is what was there then. A file that was seen is not read again; a pipeline may come back in its own children.
 */
import { dirname, resolve } from "node:path";
import { type ChildPin, type ChildPins, pinKey } from "../actors/children/pins.ts";
import { SafepointError } from "../errors.ts";
import { childFile, hasVariables, startsChild } from "../graph/children.ts";
import type { Graph } from "../graph/graph.ts";
import { CHILD_PIPELINES_MAX } from "../limits.ts";

/** A pipeline as it is stored: its graph is what its source parses to. */
export interface PinnedPipeline {
  readonly graph: Graph;
  readonly source: string;
  /** sha-256 of the source, hex. */
  readonly hash: string;
}

export interface ChildPipelines {
  readonly pins: ChildPins;
  /** Each once. */
  readonly pipelines: readonly PinnedPipeline[];
}

interface Gathering {
  readonly pins: Map<string, ChildPin>;
  readonly pipelines: Map<string, PinnedPipeline>;
  readonly files: Map<string, PinnedPipeline>;
  readonly pin: (file: string) => PinnedPipeline;
}

/**
 * What a pipeline's child nodes start. `pin` reads and checks one file.
 *
 * *Throws* `pipeline_invalid` where a path cannot be known yet, where there are more than CHILD_PIPELINES_MAX, and
 * what `pin` throws.
 */
export function gatherChildren(
  parent: PinnedPipeline,
  options: { readonly baseDir: string; readonly pin: (file: string) => PinnedPipeline },
): ChildPipelines {
  const gathering: Gathering = { pins: new Map(), pipelines: new Map(), files: new Map(), pin: options.pin };
  for (const [node, child] of childrenOf(gathering, parent, options.baseDir)) gathering.pins.set(node, pinOf(child));
  return { pins: Object.fromEntries(gathering.pins), pipelines: [...gathering.pipelines.values()] };
}

function childrenOf(gathering: Gathering, { graph }: PinnedPipeline, baseDir: string): [string, PinnedPipeline][] {
  return graph.nodes.filter(startsChild).map((node) => {
    const path = childFile(graph, node)?.path ?? "";
    if (hasVariables(path)) {
      const message = `"${node.id}": the pipelines of child runs are read when the run starts, and "${path}" is not known then`;
      throw new SafepointError("pipeline_invalid", message, { details: { node: node.id, path } });
    }
    return [node.id, readChild(gathering, resolve(baseDir, path))];
  });
}

function readChild(gathering: Gathering, file: string): PinnedPipeline {
  const known = gathering.files.get(file);
  if (known) return known;
  if (gathering.files.size >= CHILD_PIPELINES_MAX) {
    const message = `expected ${CHILD_PIPELINES_MAX} pipelines of child runs at most; "${file}" is one more`;
    throw new SafepointError("pipeline_invalid", message, { details: { file } });
  }
  const child = gathering.pin(file);
  gathering.files.set(file, child);
  gathering.pipelines.set(child.hash, child);
  for (const [node, nested] of childrenOf(gathering, child, dirname(file))) {
    addNested(gathering, { file, key: pinKey(child.hash, node), pin: pinOf(nested) });
  }
  return child;
}

/** Files of one text in two places are one pipeline, and can start one and the same only. */
function addNested({ pins }: Gathering, { file, key, pin }: { file: string; key: string; pin: ChildPin }): void {
  const other = pins.get(key);
  if (other !== undefined && other.hash !== pin.hash) {
    const message = `"${file}" has the same text as another pipeline of this run, but names other child pipelines`;
    throw new SafepointError("pipeline_invalid", message, { details: { file } });
  }
  pins.set(key, pin);
}

function pinOf({ graph, hash }: PinnedPipeline): ChildPin {
  return { name: graph.name, hash };
}
