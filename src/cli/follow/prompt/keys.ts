/** What a terminal sends, as keys. */
export type Key = { readonly kind: "text"; readonly text: string } | { readonly kind: Command };

export type Command =
  | "enter"
  | "interrupt"
  | "next"
  | "backspace"
  | "delete"
  | "delete word"
  | "clear"
  | "left"
  | "right"
  | "home"
  | "end";

const CONTROLS: Readonly<Record<string, Command>> = {
  "\r": "enter",
  "\n": "enter",
  "\u0003": "interrupt",
  "\t": "next",
  "\u007f": "backspace",
  "\b": "backspace",
  "\u0004": "delete",
  "\u0017": "delete word",
  "\u0015": "clear",
  "\u001b": "clear",
  "\u0002": "left",
  "\u0006": "right",
  "\u0001": "home",
  "\u0005": "end",
};

const SEQUENCES: Readonly<Record<string, Command>> = {
  "[D": "left",
  "[C": "right",
  "[H": "home",
  "[F": "end",
  "[1~": "home",
  "[4~": "end",
  "[3~": "delete",
  OD: "left",
  OC: "right",
  OH: "home",
  OF: "end",
};

/** Between these two a terminal sends what was pasted, where the keyboard has asked it to. */
const PASTE_BEGIN = "\u001b[200~";
const PASTE_END = "\u001b[201~";

// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
const SEQUENCE = /^\u001b([[O][0-9;?]*[A-Za-z~])/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: all but these are text
const PLAIN = /^[^\u0000-\u001f\u007f]+/;

/** Reads what comes in pieces: a pasted text may be spread over several. Sequences that mean nothing here are dropped. */
export function createKeyReader(): (piece: string) => readonly Key[] {
  let pasted: string | undefined;
  return (piece) => {
    const keys: Key[] = [];
    let rest = piece;
    while (rest !== "") {
      if (pasted !== undefined) {
        const end = rest.indexOf(PASTE_END);
        pasted += end === -1 ? rest : rest.slice(0, end);
        if (end === -1) return keys;
        keys.push({ kind: "text", text: pasted.replace(/\r\n?/g, "\n") });
        pasted = undefined;
        rest = rest.slice(end + PASTE_END.length);
        continue;
      }
      if (rest.startsWith(PASTE_BEGIN)) {
        pasted = "";
        rest = rest.slice(PASTE_BEGIN.length);
        continue;
      }
      const { key, length } = firstKey(rest);
      if (key) keys.push(key);
      rest = rest.slice(length);
    }
    return keys;
  };
}

function firstKey(rest: string): { readonly key?: Key; readonly length: number } {
  const text = PLAIN.exec(rest)?.[0];
  if (text !== undefined) return { key: { kind: "text", text }, length: text.length };
  const sequence = SEQUENCE.exec(rest);
  if (sequence) {
    const kind = SEQUENCES[sequence[1] ?? ""];
    return { length: sequence[0].length, ...(kind === undefined ? {} : { key: { kind } }) };
  }
  const kind = CONTROLS[rest.charAt(0)];
  return { length: 1, ...(kind === undefined ? {} : { key: { kind } }) };
}
