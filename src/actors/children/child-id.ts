/** Ids of child runs: `<parent>~<node>@<visit>.<n>`, with what lies between for a node inside of regions. Source: 03 §8. */
import { createHash } from "node:crypto";
import { unescapeNode } from "../../journal/address.ts";
import { CHILD_RUN_ID_CHARS_MAX } from "../../limits.ts";

/** The characters that stand for themselves in a node's part of an id. All others become `-` and their bytes in hex. */
const PLAIN = /[^A-Za-z0-9_]/gu;

/**
 * The id of the `n`th child (from 0) that a stage starts. No two stages of a run share one, nor does a run whose id a
 * person chose: those hold no `@`.
 */
export function childRunId(parent: string, stage: string, n = 0): string {
  const place = stage.split("/").slice(1).map(part).join(".");
  const id = `${parent}~${place}.${n}`;
  if (id.length <= CHILD_RUN_ID_CHARS_MAX) return id;
  const digest = createHash("sha256").update(id).digest("hex").slice(0, 32);
  // Of a long chain of parents the first stays readable.
  return `${parent.slice(0, CHILD_RUN_ID_CHARS_MAX - digest.length - 8)}~child@1.${digest}`;
}

/** `<node>@<visit>`, or the index of a branch. */
function part(text: string): string {
  const at = text.lastIndexOf("@");
  if (at < 0) return text;
  return `${escaped(unescapeNode(text.slice(0, at)))}@${text.slice(at + 1)}`;
}

function escaped(node: string): string {
  return node.replace(PLAIN, (char) =>
    [...Buffer.from(char)].map((byte) => `-${byte.toString(16).toUpperCase().padStart(2, "0")}`).join(""),
  );
}

/** Whether a run is a child, by its id alone; those that a fork or a restart made have a parent, too. */
export function isChildId(runId: string): boolean {
  return parentInId(runId) !== undefined;
}

/** The run that started a child, by the child's id alone; undefined for an id that is no child's. */
export function parentInId(runId: string): string | undefined {
  const own = runId.replace(/~r\d+$/, "");
  const at = own.lastIndexOf("~");
  return at > 0 && own.includes("@", at) ? own.slice(0, at) : undefined;
}
