/**
 * Which pipeline a node's child run is of: pinned when the outermost parent is started, handed from parent to child.
 *
 * *Shape*: by node for the run's own pipeline; for those of its children `<hash of the pipeline>/<node>`, so that a
 * pipeline that comes back in its own children is named once.
 */
import type { EngineScopes } from "./parent-link.ts";

/** `hash` is the sha-256 of the pipeline's source: key of the `pipelines` topic. */
export type ChildPin = { readonly name: string; readonly hash: string };

export type ChildPins = Readonly<Record<string, ChildPin>>;

const NESTED = /^[0-9a-f]{64}\//;

export function pinKey(pipelineHash: string, node: string): string {
  return `${pipelineHash}/${node}`;
}

/** What a child of that pipeline is created with; undefined where it starts no runs itself. */
export function pinsOfChild(pins: ChildPins, pipelineHash: string): ChildPins | undefined {
  const own = `${pipelineHash}/`;
  const nested = Object.entries(pins).filter(([key]) => NESTED.test(key));
  const mine = nested.flatMap(([key, pin]) => (key.startsWith(own) ? [[key.slice(own.length), pin] as const] : []));
  return mine.length === 0 ? undefined : Object.fromEntries([...mine, ...nested]);
}

/** The pipelines of a run's own children, without those of theirs. */
export function ownPins(pins: ChildPins): readonly ChildPin[] {
  return Object.entries(pins).flatMap(([key, pin]) => (NESTED.test(key) ? [] : [pin]));
}

/** Of a run that starts others; undefined for all that do not. */
export function heldPins({ scopes }: EngineScopes): ChildPins | undefined {
  return scopes.read("@run", "children") as ChildPins | undefined;
}
