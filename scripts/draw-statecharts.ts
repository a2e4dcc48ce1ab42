/**
 * Writes the drawings of the statecharts into docs/concepts/statecharts.md, between the marks. A test compares them with the
 * machines; run this when a chart has changed.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { statechartMermaid, statecharts } from "../src/inspect/index.ts";

const path = fileURLToPath(new URL("../docs/concepts/statecharts.md", import.meta.url));

let text = readFileSync(path, "utf8");
for (const [name, machine] of Object.entries(statecharts)) {
  const mark = new RegExp(`(<!-- drawn: ${name} -->\\n)[\\s\\S]*?(<!-- end -->)`);
  if (!mark.test(text)) throw new Error(`docs/concepts/statecharts.md has no place for ${name}`);
  text = text.replace(mark, (_all, begin: string, end: string) => {
    return `${begin}\`\`\`mermaid\n${statechartMermaid(machine)}\`\`\`\n${end}`;
  });
}
writeFileSync(path, text);
