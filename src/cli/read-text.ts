import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { SafepointError } from "../errors.ts";
import type { Io } from "./io.ts";

/** The text of a file argument; `-` is stdin. *Throws* `file_not_found`, `usage` when it cannot be read. */
export async function readText(io: Io, file: string): Promise<string> {
  if (file === "-") return readStdin(io);
  try {
    return await readFile(resolve(io.cwd, file), "utf8");
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") {
      throw new SafepointError("file_not_found", `no file "${file}"`, { details: { file }, cause });
    }
    const why = code === "EISDIR" ? "it is a directory" : message;
    throw new SafepointError("usage", `cannot read "${file}": ${why}`, { details: { file }, cause });
  }
}

async function readStdin(io: Io): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of io.stdin) chunks.push(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
  return Buffer.concat(chunks).toString("utf8");
}

/** What an editor or `echo` puts behind a text is not part of it. */
export function withoutLineEnd(text: string): string {
  return text.replace(/\r?\n$/, "");
}
