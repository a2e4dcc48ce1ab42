import { type ReadKey, readPath, textOf } from "./conditions-values.ts";
import type { JsonValue } from "./outcome.ts";

/** Where the variables of a text get their values from. */
export interface VariableScope {
  /** Undefined where the pipeline states no goal: `$goal` is then left as it stands. */
  readonly goal?: string | undefined;
  readonly inputs?: Readonly<Record<string, JsonValue>> | undefined;
  /** By whole key; dotted paths into values are resolved here. */
  readonly read: ReadKey;
}

/** A variable in a text, as written and as named. */
export interface FoundVariable {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

const NAME = String.raw`[\p{L}_][\p{L}\p{N}_.-]*`;
/** `\$` first, so that an escaped dollar begins no variable. */
const VARIABLE = new RegExp(String.raw`\\\$|\$(goal)(?![\p{L}\p{N}_])|\$\{(${NAME})\}|\{\{\s*(${NAME})\s*\}\}`, "gu");
const VARIABLE_HERE = new RegExp(VARIABLE.source, "uy");

/**
 * A prompt with its variables filled in: `$goal`, `${key}`, `{{ goal }}`, `{{ inputs.x }}`, `{{ key }}`; `\$` is a dollar.
 * An unknown variable stays as it stands. One pass: what a value brings in is never expanded.
 */
export function expandText(text: string, scope: VariableScope): string {
  const read = readVariables(scope);
  return text.replace(VARIABLE, (written, ...groups: (string | undefined)[]) => {
    if (written === "\\$") return "$";
    const value = read(groups[0] ?? groups[1] ?? groups[2] ?? "");
    return value === undefined ? written : textOf(value);
  });
}

/** The names of the variables a text may refer to, each once, in the order of their first appearance. */
export function variablesIn(text: string): readonly string[] {
  const names = new Set<string>();
  for (const match of text.matchAll(VARIABLE)) {
    const name = match[1] ?? match[2] ?? match[3];
    if (name !== undefined) names.add(name);
  }
  return [...names];
}

/** The value of a variable by its name: `goal`, `inputs.<path>`, a context key or a path into one; undefined where unknown. */
export function readVariables(scope: VariableScope): ReadKey {
  return (name) => {
    if (name === "goal") return scope.goal ?? scope.read("goal");
    const inputs = scope.inputs;
    if (inputs !== undefined && name.startsWith("inputs.")) {
      const own = readPath(name.slice("inputs.".length), (key) =>
        Object.hasOwn(inputs, key) ? inputs[key] : undefined,
      );
      if (own !== undefined) return own;
    }
    return readPath(name, scope.read);
  };
}

/** The variable that begins exactly at `start`; an escaped dollar is none. */
export function variableAt(text: string, start: number): FoundVariable | undefined {
  VARIABLE_HERE.lastIndex = start;
  const match = VARIABLE_HERE.exec(text);
  const name = match?.[1] ?? match?.[2] ?? match?.[3];
  return name === undefined ? undefined : { name, start, end: VARIABLE_HERE.lastIndex };
}
