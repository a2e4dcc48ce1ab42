/** What was found out, for people and for programs. */
import { cpus, loadavg } from "node:os";
import { describeTarget, formatNumber, judge, type Measurement } from "./measurement.ts";
import type { SizeName } from "./sizes.ts";

export interface PartResult {
  readonly scenario: string;
  readonly part: string;
  readonly measurements: readonly Measurement[];
  /** Why there are none. */
  readonly failure?: string;
  readonly loadBefore: number;
}

export interface Report {
  readonly at: string;
  readonly size: SizeName;
  readonly machine: { readonly node: string; readonly sqlite: string; readonly cpu: string; readonly cpus: number };
  readonly parts: readonly PartResult[];
}

export function machine(): Report["machine"] {
  const found = cpus();
  return {
    node: process.version,
    sqlite: process.versions["sqlite"] ?? "",
    cpu: found[0]?.model ?? "",
    cpus: found.length,
  };
}

/** Processes that wanted to run in the last minute: more than there are CPUs, and every time below is too long. */
export function load(): number {
  return loadavg()[0] ?? 0;
}

const HEADINGS = ["", "median", "", "spread", "n", "target", ""];

export function renderPart({ scenario, part, measurements, failure, loadBefore }: PartResult): string {
  const title = `${scenario}: ${part} (load ${formatNumber(loadBefore)})`;
  if (failure !== undefined) return `${title}\n  FAILED: ${failure}\n`;
  const rows = measurements.map((measurement) => [
    measurement.what,
    formatNumber(measurement.value),
    measurement.unit,
    measurement.spread ? measurement.spread.map(formatNumber).join(" – ") : "",
    measurement.rounds === undefined ? "" : String(measurement.rounds),
    describeTarget(measurement.target),
    judge(measurement),
  ]);
  const widths = HEADINGS.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => (row[column] ?? "").length)),
  );
  const line = (row: readonly string[]) =>
    `  ${row.map((cell, column) => (column === 1 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0))).join("  ")}`.trimEnd();
  return `${[title, line(HEADINGS), ...rows.map(line)].join("\n")}\n`;
}

export function missedTargets({ parts }: Report): string[] {
  return parts.flatMap(({ scenario, part, measurements }) =>
    measurements
      .filter((measurement) => judge(measurement) === "MISSED")
      .map(
        (measurement) =>
          `${scenario}: ${part}: ${measurement.what} ${formatNumber(measurement.value)} ${measurement.unit}, target ${describeTarget(measurement.target)}`,
      ),
  );
}

export function failedParts({ parts }: Report): string[] {
  return parts.flatMap(({ scenario, part, failure }) =>
    failure === undefined ? [] : [`${scenario}: ${part}: ${failure}`],
  );
}

/** A missed target is a finding, not an error, unless it was asked to be one. A part that gave no numbers always is. */
export function exitCodeOf(report: Report, { check }: { readonly check: boolean }): number {
  if (failedParts(report).length > 0) return 1;
  return check && missedTargets(report).length > 0 ? 1 : 0;
}
