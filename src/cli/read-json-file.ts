import { messageOf, SafepointError } from "../errors.ts";
import type { Cli } from "./cli.ts";
import { readText } from "./read-text.ts";

/** The JSON of a file that an option names. *Throws* `file_not_found`; `usage` when it is no JSON. */
export async function readJsonFile(cli: Cli, option: string, file: string): Promise<unknown> {
  const text = await readText(cli.io, file);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SafepointError("usage", `${option}: ${file} is no JSON: ${messageOf(cause)}`, {
      details: { option, file },
      cause,
    });
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
