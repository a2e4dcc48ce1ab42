import { expect } from "vitest";
import type { Door } from "./door.ts";

const DRAWINGS = ["dot", "json", "mermaid", "svg"];

/** Asks everything there is to see of a run. */
export async function lookAt(door: Door, runId: string): Promise<void> {
  const seen = [
    await door.events(runId),
    await door.view(runId),
    await door.checkpoint(runId),
    await door.context(runId),
    await door.branches(runId),
    await door.joins(runId),
    await door.artifacts(runId),
    await door.lineage(runId),
    await door.actors(runId),
    await door.questions(runId),
    await door.questions(),
    await door.list(),
  ];
  for (const format of DRAWINGS) {
    const drawn = await door.graph(runId, format);
    if (drawn) seen.push(drawn);
  }
  expect(seen.map(({ code }) => code)).toEqual(seen.map(() => "ok"));
}
