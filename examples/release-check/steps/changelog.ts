/** Whether CHANGELOG.md has a section for the version of package.json. Says so with an outcome of its own, not a failure. */
import { readFileSync } from "node:fs";

const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
const lines = readFileSync("CHANGELOG.md", "utf8").split("\n");
const heading = lines.find((line) => line.startsWith("## ") && line.split(/[\s()[\]]+/).includes(version));

console.log(heading ?? `CHANGELOG.md has no section for ${version}`);
console.log(JSON.stringify({ outcome: heading === undefined ? "needs_entry" : "success" }));
