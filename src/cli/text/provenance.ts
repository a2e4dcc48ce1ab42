import type { KeySource } from "../../runtime/queries/regions/key-writers.ts";
import type { Provenance } from "../../runtime/queries/regions/provenance.ts";
import { printable, shorten } from "./printable.ts";

/** Characters of a value; all of it is in --json. */
const VALUE_CHARS_MAX = 200;
/** Branches that are named where a merge took a key from many. */
const SOURCES_SHOWN = 20;

/** Who wrote a key, and below it the branches that it was merged from, down to the stages that wrote it there. */
export function describeProvenance(found: Provenance): string {
  const { key, value, removed, scope, branch, origin } = found;
  const is = removed ? "is gone" : `= ${shorten(printable(JSON.stringify(value) ?? ""), VALUE_CHARS_MAX)}`;
  const through = scope === branch ? "" : `  (of ${scope}, read by ${branch})`;
  return [
    printable(`${key} ${is}${through}`),
    ...describe({ ...found, path: scope }, "  "),
    ...(origin === undefined
      ? []
      : [`  in run ${origin.runId}:`, ...describe({ ...origin, path: origin.scope }, "    ")]),
  ].join("\n");
}

function describe(writer: KeySource, indent: string): string[] {
  const { rule, branches = [], removed } = writer;
  const did = removed
    ? "taken away by"
    : rule === undefined
      ? "by"
      : `${rule === "loop" ? "handed up" : `merged (${rule})`} by`;
  const shown = branches.slice(0, SOURCES_SHOWN);
  const more = branches.length - shown.length;
  return [
    printable(`${indent}${did} ${whoOf(writer)}`),
    ...shown.flatMap((source) => {
      const name = source.key === undefined || source.key === writer.key ? "" : ` as ${source.key}`;
      return [
        printable(`${indent}from ${source.path}${name}`),
        ...(source.seq === undefined ? [] : describe(source, `${indent}  `)),
      ];
    }),
    ...(more > 0 ? [`${indent}+ ${more} more branches`] : []),
  ];
}

function whoOf({ stage, attempt, type, actor, seq, at }: KeySource): string {
  const what = stage === undefined ? type : `${stage}${attempt === undefined ? "" : `#${attempt}`}`;
  return `${what}${actor === undefined ? "" : ` of ${actor}`}, seq ${seq} at ${at}`;
}
