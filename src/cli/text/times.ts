/** A span for people: `820ms`, `4.2s`, `3m 07s`, `2h 05m`, `3d 4h`. */
export function formatSpan(ms: number): string {
  const span = Math.max(0, ms);
  if (span < 1_000) return `${Math.round(span)}ms`;
  if (span < 60_000) return `${(Math.floor(span / 100) / 10).toFixed(1)}s`;
  const seconds = Math.floor(span / 1_000);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m ${pad(seconds % 60)}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1_440) return `${Math.floor(minutes / 60)}h ${pad(minutes % 60)}m`;
  const hours = Math.floor(minutes / 60);
  return `${Math.floor(hours / 24)}d ${hours % 24}h`;
}

/** The local time of day, `12:03:04`. */
export function formatClock(atMs: number): string {
  const at = new Date(atMs);
  return `${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`;
}

function pad(value: number): string {
  return String(value).padStart(2, "0");
}
