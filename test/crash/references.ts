/** The pipelines that are crashed, by the names their processes are told. */
import { LINE, type Reference } from "./reference.ts";
import { REGIONS } from "./regions.ts";

export type ReferenceName = "line" | "regions";
export const REFERENCE_NAMES: readonly ReferenceName[] = ["line", "regions"];

export function referenceOf(name: ReferenceName): Reference {
  return name === "line" ? LINE : REGIONS;
}
