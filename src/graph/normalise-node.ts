import type { Diagnostic, Position } from "./graph.ts";
import { type Entry, placeOf } from "./normalise-attribute.ts";
import type { DraftNode, Entries } from "./parser-draft.ts";
import { DEFAULT_SHAPE, isShippedType, SHAPES, shapeOfType, typeOfId, typeOfShape } from "./shapes.ts";

/** A note, and the place that tells whether it has been made already. */
export interface NodeNote {
  readonly at: Position;
  readonly note: Diagnostic;
}

export interface DecidedNode {
  readonly type: string;
  readonly shape: string;
  /** Own attributes over inherited ones, without those that what the node says itself makes void. */
  readonly entries: Entries;
  readonly notes: readonly NodeNote[];
}

/**
 * What a node is. What it says itself goes before its id, and its id before what it inherits; on each level `type` goes
 * before `node_type`, and that before the shape. So `node [shape=box]` leaves `start` a start. Source: 04-dialect §2.
 */
export function decideNode(node: DraftNode): DecidedNode {
  const notes: NodeNote[] = [];
  if (!node.declared) notes.push(undeclared(node));
  const own = new Map(node.own);
  const inherited = new Map(node.defaults);
  resolveHint(node, own, notes);
  resolveHint(node, inherited, notes);
  dropOverruled(node.id, own, inherited);
  const entries: Entries = new Map([...inherited, ...own]);
  const type = textAt(entries, "type") ?? typeOfWrittenShape(node, entries, notes) ?? typeOfId(node.id) ?? "codergen";
  if (type === "wait.human") moveTimeout(node, entries, notes);
  return { type, shape: textAt(entries, "shape") ?? shapeOfType(type), entries, notes };
}

/** `node_type` becomes `type` where it names a shipped one and no `type` stands beside it. */
function resolveHint(node: DraftNode, entries: Entries, notes: NodeNote[]): void {
  const hint = entries.get("node_type");
  if (!hint) return;
  const word = String(hint.value);
  if (isShippedType(word) && !entries.has("type")) {
    entries.delete("node_type");
    entries.set("type", { ...hint, alias: "node_type" });
    notes.push(noteAt(node, hint, { rule: "alias", message: `"node_type" is read as "type"`, fix: "type" }));
    return;
  }
  const why = entries.has("type")
    ? '"type" is given too'
    : `${JSON.stringify(word)} is no handler type, the shape decides`;
  const note = noteAt(node, hint, { rule: "inert_attribute", message: `node_type does nothing here: ${why}` });
  notes.push({ ...note, note: { ...note.note, severity: "warning" } });
}

/** An own shape makes an inherited type void; the id of a start or exit makes both void. */
function dropOverruled(id: string, own: Entries, inherited: Entries): void {
  if (own.has("type")) return void inherited.delete("type");
  if (textAt(own, "shape") !== undefined) return void inherited.delete("type");
  if (typeOfId(id) === undefined) return;
  inherited.delete("type");
  inherited.delete("shape");
}

/** Undefined without a shape; an unknown shape is a codergen node, and noted. */
function typeOfWrittenShape(node: DraftNode, entries: Entries, notes: NodeNote[]): string | undefined {
  const shape = textAt(entries, "shape");
  const entry = entries.get("shape");
  if (shape === undefined || !entry) return undefined;
  const known = typeOfShape(shape);
  if (known) return known;
  const meant = SHAPES.find((each) => each.toLowerCase() === shape.toLowerCase()) ?? DEFAULT_SHAPE;
  const message = `shape ${JSON.stringify(shape)} stands for no handler type: the node is read as codergen`;
  const note = noteAt(node, entry, { rule: "shape_known", message, fix: `shape=${meant}` });
  notes.push({ ...note, note: { ...note.note, severity: "warning" } });
  return "codergen";
}

/** On a gate `timeout` is another name for `human.timeout`; of two, the node's own wins, then the one by its right name. */
function moveTimeout(node: DraftNode, entries: Entries, notes: NodeNote[]): void {
  const timeout = entries.get("timeout");
  if (!timeout) return;
  entries.delete("timeout");
  const loses = node.own.has("human.timeout") || (entries.has("human.timeout") && !node.own.has("timeout"));
  if (!loses) entries.set("human.timeout", { ...timeout, alias: "timeout" });
  const message = loses
    ? '"timeout" is ignored: "human.timeout", which it is another name for on a gate, is given too'
    : '"timeout" on a gate is read as "human.timeout"';
  notes.push(noteAt(node, timeout, { rule: "alias", message, fix: loses ? "remove timeout" : "human.timeout" }));
}

function undeclared(node: DraftNode): NodeNote {
  const message = `only an edge mentions ${JSON.stringify(node.id)}: it is read as a node without attributes`;
  const { line, column } = node.position;
  const note: Diagnostic = { rule: "undeclared_node", severity: "warning", message, node: node.id, line, column };
  return {
    at: node.position,
    note: { ...note, fix: `declare it with a line of its own: ${JSON.stringify(node.id)} [label="…"]` },
  };
}

function noteAt(node: DraftNode, entry: Entry, what: { rule: string; message: string; fix?: string }): NodeNote {
  const isOwn = [...node.own.values()].some((each) => each.position === entry.position);
  const place = placeOf({ position: entry.position, ...(isOwn ? { node: node.id } : {}) });
  return { at: entry.position, note: { ...place, severity: "info", ...what } };
}

/** Undefined where it is not given or empty. */
function textAt(entries: Entries, name: string): string | undefined {
  const text = String(entries.get(name)?.value ?? "");
  return text === "" ? undefined : text;
}
