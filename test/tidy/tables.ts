/** Tables of the documentation against the tables of the code. One sentence a problem. */

/** The rows of every Markdown table in a text, cells trimmed, without backticks; headings and rulers left out. */
export function tableRows(markdown: string): string[][] {
  const rows: string[][] = [];
  let inTable = false;
  const lines = markdown.split("\n");
  for (const [index, line] of lines.entries()) {
    if (!line.trimStart().startsWith("|")) {
      inTable = false;
      continue;
    }
    const isHeading = !inTable && /^\s*\|[\s:|-]+\|\s*$/.test(lines[index + 1] ?? "");
    inTable = true;
    if (isHeading || /^\s*\|[\s:|-]+\|\s*$/.test(line)) continue;
    rows.push(cellsOf(line));
  }
  return rows;
}

function cellsOf(line: string): string[] {
  return line
    .trim()
    .replace(/^\||\|$/g, "")
    .split(/(?<!\\)\|/)
    .map((cell) =>
      cell
        .replaceAll("\\|", "|")
        .trim()
        .replace(/^`(.*)`$/, "$1"),
    );
}

/** Rows of a document against the rows the code has, by first cell; only as many cells as the code's rows have. */
export function checkTable(name: string, documented: readonly string[][], expected: readonly string[][]): string[] {
  const problems: string[] = [];
  const found = new Map<string, string[]>();
  for (const row of documented) {
    const key = row[0] ?? "";
    if (found.has(key)) problems.push(`${name} documents ${key} twice`);
    found.set(key, row);
  }
  for (const row of expected) {
    const key = row[0] ?? "";
    const there = found.get(key);
    found.delete(key);
    if (!there) problems.push(`${name} does not document ${key}`);
    else if (row.some((cell, index) => cell !== there[index]))
      problems.push(`${name} says ${there.slice(0, row.length).join(" ")}; the code says ${row.join(" ")}`);
  }
  for (const key of found.keys()) problems.push(`${name} documents ${key}, which the code does not have`);
  return problems;
}
