import { readFileSync } from "node:fs";

interface PackageFile {
  readonly version: string;
  readonly engines: { readonly node: string };
}

let read: PackageFile | undefined;

/** The package this file is part of; two directories up both from the source and from what is built. */
function packageFile(): PackageFile {
  read ??= JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as PackageFile;
  return read;
}

export function packageVersion(): string {
  return packageFile().version;
}

/** The versions of Node it runs on, as `>=22.18`. */
export function packageEngines(): string {
  return packageFile().engines.node;
}
