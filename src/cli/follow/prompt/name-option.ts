import { parseChoiceLabel } from "../../../graph/index.ts";

/** An option of a question, `[Y] Yes`: its key once, however the label writes it. Not yet printable. */
export function nameOption(option: { readonly key: string; readonly label: string }): string {
  const text = optionText(option);
  return text === "" ? `[${option.key}]` : `[${option.key}] ${text}`;
}

/** What stands behind the key; empty where the label is the key and nothing more. */
export function optionText({ key, label }: { readonly key: string; readonly label: string }): string {
  const { text } = parseChoiceLabel(label);
  return text === key ? "" : text;
}
