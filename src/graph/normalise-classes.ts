import type { DraftSubgraph } from "./parser-draft.ts";

/** The classes of a node: the words of its `class`, then one for the label of each subgraph around it, innermost first. */
export function classesOf(written: string, subgraph: DraftSubgraph | undefined): string[] {
  const classes = new Set(written.split(/[\s,]+/).filter((word) => word !== ""));
  for (let at = subgraph; at; at = at.parent) {
    const derived = slug(String(at.attributes.get("label")?.value ?? ""));
    if (derived !== "") classes.add(derived);
  }
  return [...classes];
}

/** A label as a class: lower case, blanks become hyphens, other signs go. `Phase 2: Build` is `phase-2-build`. */
export function slug(label: string): string {
  const hyphened = label.toLowerCase().replace(/\s+/gu, "-");
  return hyphened
    .replace(/[^\p{L}\p{N}\p{M}_-]/gu, "")
    .replace(/^-+/, "")
    .replace(/-{2,}/g, "-")
    .replace(/-$/, "");
}
