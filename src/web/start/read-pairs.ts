/** `key=value` pairs as people type them: a line each, or separated by spaces; a value that is JSON is taken as that. */
export interface Pairs {
  readonly pairs: Readonly<Record<string, unknown>>;
  /** What is wrong with the first that is none. */
  readonly problem?: string;
}

export function readPairs(text: string): Pairs {
  const pairs: Record<string, unknown> = {};
  const isByLine = text.includes("\n") || /[[{"]/.test(text);
  for (const part of text.split(isByLine ? "\n" : /[\s,]+/)) {
    const said = part.trim();
    if (said === "") continue;
    const at = said.indexOf("=");
    if (at < 1) return { pairs, problem: `Expected key=value, found "${said}".` };
    pairs[said.slice(0, at).trim()] = readValue(said.slice(at + 1).trim());
  }
  return { pairs };
}

function readValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
