import type { Diagnostic, Graph } from "../graph.ts";
import { nearestName } from "./nearest-name.ts";

/** Names compared in one pipeline: a text that declares nothing must not cost its nodes squared. */
const COMPARISONS_MAX = 100_000;

/** The notes of a graph; where a node that only edges mention looks like a slip of the pen, the note names the one meant. */
export function notesWithNearNames({ notes, nodes }: Graph): readonly Diagnostic[] {
  if (!notes.some(isUndeclared)) return notes;
  const declared = nodes.filter((node) => node.declared).map(({ id }) => id);
  let compared = 0;
  return notes.map((note) => {
    if (!isUndeclared(note) || note.node === undefined) return note;
    compared += declared.length;
    const nearest = compared > COMPARISONS_MAX ? undefined : nearestNode(note.node, declared);
    if (nearest === undefined) return note;
    return { ...note, message: `${note.message}; did you mean ${JSON.stringify(nearest)}?`, fix: nearest };
  });
}

function isUndeclared({ rule }: Diagnostic): boolean {
  return rule === "undeclared_node";
}

/** `step2` is no slip of the pen for `step1`: numbered names differ on purpose. */
function nearestNode(name: string, declared: readonly string[]): string | undefined {
  const digits = digitsOf(name);
  return nearestName(
    name,
    declared.filter((id) => digitsOf(id) === digits),
  );
}

function digitsOf(name: string): string {
  return name.replace(/\P{N}/gu, "");
}
