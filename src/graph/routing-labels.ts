/** A label as people see it, and the key that picks it: `[Y] Yes`, `Y) Yes`, `Y - Yes`. */
export interface ChoiceLabel {
  readonly text: string;
  /** The accelerator as written; undefined where the label has none. */
  readonly key?: string;
}

const ACCELERATORS = [
  /^\[([^\][]{1,16})\]\s*(.*)$/su,
  /^([\p{L}\p{N}]{1,2})\)\s*(.*)$/su,
  /^([\p{L}\p{N}])\s+[-–]\s+(.*)$/su,
];

/** Takes the accelerator off a label. A label that is nothing but its accelerator keeps it as its text. */
export function parseChoiceLabel(label: string): ChoiceLabel {
  const trimmed = label.trim();
  for (const pattern of ACCELERATORS) {
    const match = pattern.exec(trimmed);
    if (match) return { key: (match[1] ?? "").trim(), text: (match[2] ?? "").trim() || (match[1] ?? "").trim() };
  }
  return { text: trimmed };
}

/** What of a label counts when labels are compared: no accelerator, no case, single blanks. Source: 03 §4. */
export function comparableLabel(label: string): string {
  return parseChoiceLabel(label).text.toLowerCase().replace(/\s+/gu, " ");
}
