/** What a Date holds at most, ms from the epoch on either side. */
const DATE_MS_MAX = 8.64e15;

/** Epoch ms as RFC 3339 in UTC with ms. Beyond what a date can be, the last one that can. */
export function toTime(epochMs: number): string {
  return new Date(Math.min(DATE_MS_MAX, Math.max(-DATE_MS_MAX, epochMs))).toISOString();
}
