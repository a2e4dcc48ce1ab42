/** What a child run knows of its parent. */
import type { JsonValue } from "../../graph/index.ts";

/** Kept in the engine's own scope of the run; a fork of a child has no parent, and so no link. */
export type ParentLink = {
  readonly runId: string;
  /** Of the parent's entry that says that it was started. */
  readonly seq: number;
  /** Address of the stage that waits for it. */
  readonly stage: string;
  /** Parents above it, from 1. */
  readonly depth: number;
  /** Keys of its context that its parent gets when it has ended. */
  readonly outputs: readonly string[];
};

/** Of a run, as committed or in the middle of a turn. */
export interface EngineScopes {
  readonly scopes: { read(scope: string, key: string): JsonValue | undefined };
}

/** Undefined for a run that nobody's node started. */
export function parentLink({ scopes }: EngineScopes): ParentLink | undefined {
  return scopes.read("@run", "parent") as ParentLink | undefined;
}

export function isChild(held: EngineScopes): boolean {
  return parentLink(held) !== undefined;
}

/** As the engine's scope keeps it. */
export function storedLink(link: ParentLink): JsonValue {
  return { ...link, outputs: [...link.outputs] };
}
