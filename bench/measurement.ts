/** What a scenario found out: a number, how far it spread, and what it should be. */

/** Bounds include their own value. */
export type Target = { readonly atLeast: number } | { readonly atMost: number };

export interface Measurement {
  readonly what: string;
  /** Taken more than once, the median; where `what` says so, a percentile. */
  readonly value: number;
  /** `×` for ratios. */
  readonly unit: string;
  /** The lowest and the highest of the rounds. */
  readonly spread?: readonly [number, number];
  readonly rounds?: number;
  readonly target?: Target;
}

export type Verdict = "ok" | "MISSED" | "";

/** Measurements without a target have no verdict. A number that could not be taken (NaN) misses its target. */
export function judge({ value, target }: Measurement): Verdict {
  if (target === undefined) return "";
  const isMet = "atLeast" in target ? value >= target.atLeast : value <= target.atMost;
  return isMet ? "ok" : "MISSED";
}

export function describeTarget(target: Target | undefined): string {
  if (target === undefined) return "";
  return "atLeast" in target ? `≥ ${formatNumber(target.atLeast)}` : `≤ ${formatNumber(target.atMost)}`;
}

/** The median of the samples with their spread. */
export function summarise(
  what: string,
  samples: readonly number[],
  { unit, target }: { readonly unit: string; readonly target?: Target },
): Measurement {
  return {
    what,
    value: median(samples),
    unit,
    spread: [Math.min(...samples), Math.max(...samples)],
    rounds: samples.length,
    ...(target === undefined ? {} : { target }),
  };
}

/** The median and, as what the target is about, the 99th percentile. */
export function summariseLatency(what: string, samples: readonly number[], atMost: number): Measurement[] {
  const p99 = {
    ...summarise(`${what}, p99`, samples, { unit: "ms", target: { atMost } }),
    value: percentile(samples, 99),
  };
  return [summarise(what, samples, { unit: "ms" }), p99];
}

/** The smallest sample that at least so many of a hundred do not exceed; NaN of no samples. */
export function percentile(samples: readonly number[], percent: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)] ?? Number.NaN;
}

/** NaN of no samples. */
export function median(samples: readonly number[]): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** Three significant digits below 1,000, whole numbers with commas above. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(3)));
}
