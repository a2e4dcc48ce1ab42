/** A scenario: parts that are each measured in a process of their own, so that none warms or fills another's heap. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Measurement } from "./measurement.ts";
import type { Sizes } from "./sizes.ts";

export interface Place {
  readonly sizes: Sizes;
  /** An empty folder, on the medium that is measured; removed afterwards. */
  readonly folder: string;
}

export type Part = (place: Place) => Promise<readonly Measurement[]>;

export interface Launch {
  readonly nodeFlags: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface Scenario {
  readonly about: string;
  readonly parts: Readonly<Record<string, Part>>;
  /** How the process of a part is started, where that is part of the question. */
  readonly launch?: Readonly<Record<string, Launch>>;
}

export async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "safepoint-bench-"));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
