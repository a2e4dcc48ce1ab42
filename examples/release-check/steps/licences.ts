/** Whether everything the package installs with it may be given away under MIT. Reads the lock file; asks nobody. */
import { existsSync, readFileSync } from "node:fs";

const ALLOWED = new Set([
  "MIT",
  "ISC",
  "Apache-2.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "0BSD",
  "BlueOak-1.0.0",
  "Unlicense",
]);

interface Locked {
  readonly license?: string;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly optional?: boolean;
}

const lock = JSON.parse(readFileSync("package-lock.json", "utf8")) as { packages: Record<string, Locked> };
const shipped = Object.entries(lock.packages).filter(
  ([path, { dev, devOptional }]) => path !== "" && !dev && !devOptional,
);
const refused = shipped.filter(([, { license = "none" }]) => !alternatives(license).some((one) => ALLOWED.has(one)));
const problems = refused.map(([path, { license = "none" }]) => `${path}: ${license}`);
if (!existsSync("LICENSE")) problems.push("there is no LICENSE");

console.log(problems.length === 0 ? `${shipped.length} packages, all fit` : problems.join("\n"));
process.exitCode = problems.length === 0 ? 0 : 1;

/** `MIT OR Apache-2.0` leaves the choice; anything else that is no plain name is for a person to read. */
function alternatives(license: string): string[] {
  return license.replace(/^\((.*)\)$/, "$1").split(" OR ");
}
