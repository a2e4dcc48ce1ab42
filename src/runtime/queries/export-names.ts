import { createHash } from "node:crypto";

const WINDOWS_DEVICES = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)/i;
const NAME_CHARS_MAX = 100;

/**
 * Gives ids file names: an id that is a safe name keeps it, any other is written with `_` for what is unsafe and a part
 * of its hash, so that two ids never share a name. Also not on a file system that ignores case. `reserved` names are
 * given to nobody.
 */
export function createFileNames(reserved: readonly string[] = []): (id: string) => string {
  const owners = new Map<string, string>();
  return (id) => {
    const plain = id.replace(/[^A-Za-z0-9_.-]/g, "_").slice(0, NAME_CHARS_MAX);
    const holder = owners.get(plain.toLowerCase());
    const free = isSafe(plain) && !reserved.includes(plain.toLowerCase());
    const keep = plain === id && free && (holder === undefined || holder === id);
    const name = keep ? plain : `${isSafe(plain) ? plain : `_${plain.replaceAll(".", "_")}`}~${shortHash(id)}`;
    owners.set(name.toLowerCase(), id);
    return name;
  };
}

function isSafe(name: string): boolean {
  return name !== "" && !name.startsWith(".") && !name.endsWith(".") && !WINDOWS_DEVICES.test(name);
}

function shortHash(id: string): string {
  return createHash("sha256").update(id).digest("hex").slice(0, 12);
}
