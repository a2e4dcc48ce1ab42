const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ["ms", 1],
  ["s", 1_000],
  ["m", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
]);

const WITH_UNIT = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;
const INTEGER = /^\d+$/;

/**
 * A duration in ms: `250ms`, `900s`, `15m`, `2h`, `1.5d`; a bare integer, as text or number, counts seconds.
 * Undefined for anything else, and for what is beyond exact integers.
 */
export function parseDuration(value: string | number): number | undefined {
  const text = String(value).trim();
  if (text.length > 32) return undefined;
  const ms = INTEGER.test(text) ? Number(text) * 1_000 : withUnit(text);
  return ms !== undefined && Number.isSafeInteger(ms) ? ms : undefined;
}

function withUnit(text: string): number | undefined {
  const match = WITH_UNIT.exec(text);
  const unitMs = UNIT_MS.get(match?.[2] ?? "");
  return unitMs === undefined ? undefined : Math.round(Number(match?.[1]) * unitMs);
}

/** Whether a duration is written without its unit: in seconds, and worth a note. */
export function isBareDuration(value: string): boolean {
  return INTEGER.test(value.trim());
}
