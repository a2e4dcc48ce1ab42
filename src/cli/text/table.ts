import { columnsOf, padTo, printable } from "./printable.ts";

/** Rows as aligned columns, without rules or trailing spaces. The first row is the heading. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map(printable));
  const widths: number[] = [];
  for (const row of cells)
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, columnsOf(cell));
  return cells
    .map((row) =>
      row
        .map((cell, at) => padTo(cell, widths[at] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
