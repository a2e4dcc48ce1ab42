import { lstat, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";
import { SafepointError } from "../../errors.ts";

/** A directory being written: remembers its files, and on `finish` removes those of an earlier export that are gone. */
export interface ExportDirectory {
  write(path: string, content: string | Uint8Array): Promise<void>;
  /** Writes the manifest last: without one, the directory is no finished export. */
  finish(manifest: Readonly<Record<string, unknown>>): Promise<readonly string[]>;
}

const MANIFEST = "manifest.json";
const MARK = "safepoint_export";
const FORMAT = 1;

/**
 * Opens a directory to export into. One that has files is refused unless they are an earlier export's, and of those only
 * the ones its manifest lists are ever touched. *Throws* `usage`.
 */
export async function openExportDirectory(dir: string): Promise<ExportDirectory> {
  const root = resolve(dir);
  const earlier = await earlierFiles(root);
  const written = new Set<string>();
  const write = async (path: string, content: string | Uint8Array) => {
    const target = inside(root, path);
    await refuseLinks(root, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, content);
    written.add(path);
  };
  return {
    write,
    async finish(manifest) {
      for (const path of earlier) if (!written.has(path)) await rm(inside(root, path), { force: true });
      const files = [...written].sort();
      await write(MANIFEST, `${JSON.stringify({ ...manifest, [MARK]: FORMAT, files }, null, 2)}\n`);
      return [...files, MANIFEST];
    },
  };
}

async function earlierFiles(root: string): Promise<readonly string[]> {
  const present = await readdir(root).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw new SafepointError("usage", `cannot export into ${root}: ${error.message}`, { cause: error });
  });
  if (present.length === 0) return [];
  const manifest = await readFile(join(root, MANIFEST), "utf8").then(parseManifest, () => undefined);
  if (manifest) return manifest;
  throw new SafepointError("usage", `${root} has files that are no export of ours`, {
    details: { dir: root, hint: "name an empty directory, a new one, or an earlier export" },
  });
}

function parseManifest(text: string): readonly string[] | undefined {
  try {
    const manifest = JSON.parse(text) as { files?: unknown; [MARK]?: unknown };
    if (manifest[MARK] !== FORMAT || !Array.isArray(manifest.files)) return undefined;
    return manifest.files.filter((file): file is string => typeof file === "string");
  } catch {
    return undefined;
  }
}

/** A path below the directory; one that leads out of it (a manifest may say anything) is refused. */
function inside(root: string, path: string): string {
  const target = resolve(root, path);
  if (target.startsWith(root + sep)) return target;
  throw new SafepointError("usage", `the manifest in ${root} names a file outside of it: ${path}`, {
    details: { dir: root, file: path },
  });
}

/** A link in the way would have us write somewhere else. */
async function refuseLinks(root: string, path: string): Promise<void> {
  let place = root;
  for (const part of path.split("/")) {
    place = join(place, part);
    const stat = await lstat(place).catch(() => undefined);
    if (!stat) return;
    if (stat.isSymbolicLink()) {
      throw new SafepointError("usage", `${place} is a symbolic link; nothing is written through it`, {
        details: { dir: root, file: path },
      });
    }
  }
}
