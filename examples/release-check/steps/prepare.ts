/** Makes the directory the other steps write to. The last line of a tool's output may set keys of the run's context. */
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const { name, version } = JSON.parse(readFileSync("package.json", "utf8")) as { name: string; version: string };
const scratch = mkdtempSync(join(tmpdir(), "release-check-"));

console.log(`checking ${name} ${version}`);
console.log(JSON.stringify({ outcome: "success", context: { scratch, version } }));
