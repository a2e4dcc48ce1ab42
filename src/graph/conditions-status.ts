/** Other words for a status, as pipelines in the wild write them. Source: 04 §2. */
export const STATUS_ALIASES: ReadonlyMap<string, string> = new Map([
  ["succeeded", "success"],
  ["failed", "fail"],
  ["failure", "fail"],
  ["partially_succeeded", "partial_success"],
]);

/** The status a word means: lower case, without surrounding blanks, aliases resolved. Any other word stays a word of its own. */
export function statusWord(word: string): string {
  const status = word.trim().toLowerCase();
  return STATUS_ALIASES.get(status) ?? status;
}
