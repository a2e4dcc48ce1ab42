/** Writes down what the steps came to, and shows it. `node report.ts <directory>` */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const directory = process.argv[2];
if (!directory) throw new Error("report.ts expects the directory of the steps' log");
const ends = readFileSync(join(directory, "steps.log"), "utf8")
  .split("\n")
  .map((line) => line.split(" "))
  .filter(([what]) => what === "ended");
const rows = ends.map(([, stage, attempt, , code]) => `${code === "0" ? "ok  " : "no  "} ${stage} attempt ${attempt}`);
const report = join(directory, "report.txt");
writeFileSync(report, `${rows.join("\n")}\n`);

console.log(rows.join("\n"));
console.log(JSON.stringify({ outcome: "success", context: { report, steps: rows.length } }));
