import { type AttributeOwner, type AttributeSpec, canonicalName, findAttribute } from "./attributes.ts";
import { isLayoutAttribute } from "./attributes-layout.ts";
import { isBareDuration } from "./durations.ts";
import type { AttributeValue, Diagnostic, Position } from "./graph.ts";
import { normaliseCondition } from "./normalise-condition.ts";

/** An attribute as the text has it. */
export interface WrittenAttribute {
  readonly owner: AttributeOwner;
  readonly name: string;
  readonly value: string;
  /** `html` values are accepted and ignored. */
  readonly form: "bare" | "string" | "html";
  readonly position: Position;
  /** The node or edge it is written at; absent for graph, subgraph and default attributes. */
  readonly node?: string;
  readonly edge?: string;
}

/** An attribute by its canonical name and with its canonical value. */
export interface Entry {
  readonly value: AttributeValue;
  readonly position: Position;
  /** Written under another name: loses to the canonical one beside it. */
  readonly alias?: string;
}

export interface NormalisedAttribute {
  readonly name: string;
  /** Absent for a value that is ignored. */
  readonly entry?: Entry;
  readonly notes: readonly Diagnostic[];
}

const NUMBER = /^-?(?:\d+(?:\.\d+)?|\.\d+)(?:e[+-]?\d+)?$/;

/** One written attribute in canonical form, with a note for everything that was changed. Source: 04-dialect §2. */
export function normaliseAttribute(written: WrittenAttribute): NormalisedAttribute {
  const name = canonicalName(written.name, written.owner);
  if (written.form === "html") return { name, notes: isLayoutAttribute(name) ? [] : [htmlIgnored(written)] };
  const renamed = name === written.name ? {} : { alias: written.name };
  const { value, notes } = normaliseValue(written, findAttribute(name, written.owner));
  const nameNotes = renamed.alias === undefined ? [] : [aliasNote(written, renamed.alias, name)];
  return { name, entry: { value, position: written.position, ...renamed }, notes: [...nameNotes, ...notes] };
}

interface NormalisedValue {
  readonly value: AttributeValue;
  readonly notes: readonly Diagnostic[];
}

function normaliseValue(written: WrittenAttribute, spec: AttributeSpec | undefined): NormalisedValue {
  const { value } = written;
  switch (spec?.kind) {
    case "duration":
      return isBareDuration(value) ? inSeconds(written) : { value, notes: [] };
    case "condition":
      return canonicalCondition(written);
    case "words":
      return canonicalWord(written, spec.wordAliases ?? {});
    case "string":
      return { value, notes: [] };
    default:
      return { value: written.form === "bare" ? typed(value, spec) : value, notes: [] };
  }
}

/** What an unquoted word is: `true`, a number, or itself. Unknown attributes become numbers only where nothing of the writing is lost. */
function typed(word: string, spec: AttributeSpec | undefined): AttributeValue {
  if (word === "true" || word === "false") return word === "true";
  if (!NUMBER.test(word)) return word;
  const number = Number(word);
  const numeric = spec !== undefined && Number.isFinite(number);
  // Adding 0 makes 0 of -0, which prints without its sign.
  return numeric || String(number) === word ? number + 0 : word;
}

function inSeconds(written: WrittenAttribute): NormalisedValue {
  const value = `${written.value.trim()}s`;
  const message = `${written.name} is written without a unit: ${written.value.trim()} is read as ${value}`;
  return { value, notes: [note(written, { rule: "bare_duration", message, fix: `${written.name}="${value}"` })] };
}

function canonicalCondition(written: WrittenAttribute): NormalisedValue {
  const { text, aliases } = normaliseCondition(written.value);
  const notes = aliases.map(({ written: word, canonical }) => {
    return note(written, {
      rule: "alias",
      message: `"${word}" in a condition is read as "${canonical}"`,
      fix: canonical,
    });
  });
  return { value: text, notes };
}

function canonicalWord(written: WrittenAttribute, aliases: Readonly<Record<string, string>>): NormalisedValue {
  const canonical = Object.hasOwn(aliases, written.value) ? aliases[written.value] : undefined;
  if (canonical === undefined) return { value: written.value, notes: [] };
  const message = `"${written.value}" as the value of ${written.name} is read as "${canonical}"`;
  return { value: canonical, notes: [note(written, { rule: "alias", message, fix: canonical })] };
}

function aliasNote(written: WrittenAttribute, alias: string, name: string): Diagnostic {
  return note(written, { rule: "alias", message: `"${alias}" is read as "${name}"`, fix: name });
}

function htmlIgnored(written: WrittenAttribute): Diagnostic {
  const message = `the HTML value of ${written.name} is ignored: write it as a string`;
  return { ...note(written, { rule: "inert_attribute", message }), severity: "warning" };
}

function note(written: WrittenAttribute, what: { rule: string; message: string; fix?: string }): Diagnostic {
  return { ...placeOf(written), severity: "info", ...what };
}

/** Where a note about an attribute points. */
export function placeOf(
  written: Pick<WrittenAttribute, "position" | "node" | "edge">,
): Pick<Diagnostic, "line" | "column" | "node" | "edge"> {
  return {
    line: written.position.line,
    column: written.position.column,
    ...(written.node === undefined ? {} : { node: written.node }),
    ...(written.edge === undefined ? {} : { edge: written.edge }),
  };
}
