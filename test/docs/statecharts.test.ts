import { expect, it } from "vitest";
import { statechartMermaid, statecharts } from "../../src/inspect/index.ts";
import { readSource } from "../tidy/sources.ts";

it.each(Object.entries(statecharts))("the drawing of %s in the documents is that of the machine", (_name, machine) => {
  const drawn = readSource("docs/concepts/statecharts.md").text;
  expect(drawn, "run: node scripts/draw-statecharts.ts").toContain(
    `\`\`\`mermaid\n${statechartMermaid(machine)}\`\`\`\n`,
  );
});
