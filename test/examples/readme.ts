/** What a README says is typed and printed: each `sh` block, and the block without a language that follows it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../tidy/sources.ts";

export interface Session {
  readonly commands: string;
  readonly printed: string | undefined;
}

export function sessionsOf(path: string): Session[] {
  const text = readFileSync(join(ROOT, path), "utf8");
  const blocks = [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)];
  return blocks.flatMap(([, language, commands = ""], index) => {
    if (language !== "sh") return [];
    const next = blocks[index + 1];
    return [{ commands, printed: next?.[1] === "" ? next[2] : undefined }];
  });
}

/** Without what differs from one run to the next: times, durations, hashes of texts, and the widths of columns. */
export function settled(printed: string): string[] {
  return printed
    .trimEnd()
    .split("\n")
    .map((line) =>
      line
        .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "<instant>")
        .replace(/\b\d\d:\d\d:\d\d\b/g, "<time>")
        .replace(/\b\d+(?:\.\d+)?m?s\b/g, "<duration>")
        .replace(/\b[0-9a-f]{12}\b/g, "<hash>")
        .replace(/\s{2,}/g, " ")
        .trimEnd(),
    );
}
