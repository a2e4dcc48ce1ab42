/** The whole check of a run: what the store can see, and that the journal folds to the heads. Source: 03 §9 (verify). */

import { branchPathOf, stageAddressOf } from "../actors/held-run.ts";
import { SafepointError } from "../errors.ts";
import { parseStageAddress } from "../journal/address.ts";
import { type ContextValue, isBlobReference } from "../journal/catalogue.ts";
import type { JournalEntry } from "../journal/entry.ts";
import { nextStageOf } from "../journal/fold/queries.ts";
import { type FoldState, fold } from "../journal/fold.ts";
import type { RunImage, Store, StoredValue } from "../persistence/store.ts";
import { type Problem, verifyRun } from "../persistence/verify.ts";
import type { VerifyReport } from "./api.ts";
import { findRun } from "./queries/find-run.ts";

/** *Throws* `run_not_found`. */
export async function verifyRunWhole(store: Store, runId: string): Promise<VerifyReport> {
  const run = await findRun(store, runId);
  const problems = await verifyRun(store, runId, foldEqualsHeads);
  return { runId, ok: problems.length === 0, problems: problems.map(({ message }) => message), entries: run.seq };
}

/** Where the journal folds to something else than the rows say; one problem a difference. */
export function foldEqualsHeads(image: RunImage, entries: readonly JournalEntry[]): readonly Problem[] {
  const state = fold(entries);
  const differences = [
    ...differ("status", new Map([["run", state.status]]), new Map([["run", image.run.status]])),
    ...compareLive(state, image),
    ...compareContext(state, image),
    ...compareCounters(state, image),
  ];
  return differences.map((message) => ({ runId: image.run.runId, what: "fold", message }));
}

function compareLive(state: FoldState, image: RunImage): string[] {
  const stages = new Map<string, string>();
  const branches = new Map<string, string>();
  for (const { actor } of image.actors) {
    const stage = stageAddressOf(actor);
    const branch = branchPathOf(actor);
    if (stage !== undefined) stages.set(stage, "live");
    if (branch !== undefined) branches.set(branch, "live");
  }
  const entered = new Set([...state.stages.keys(), ...heldStages(state, stages.keys())]);
  const live = (addresses: Iterable<string>) => new Map([...addresses].map((address) => [address, "live"]));
  const dues = (rows: Iterable<{ timer: string; dueMs: number }>) =>
    new Map([...rows].map(({ timer, dueMs }) => [timer, String(dueMs)]));
  return [
    ...differ("stage", live(entered), stages),
    ...differ("branch", live(state.branches.keys()), branches),
    ...differ("gate", live(state.gates.keys()), live(image.gates.map(({ gate }) => gate))),
    ...differ("timer", dues(state.timers.values()), dues(image.timers.filter(({ kind }) => kind !== "gate"))),
  ];
}

/**
 * Of live stages those that the journal says come next, or are the first of their branch: they are held by a pause, a
 * stop or the limits of a turn.
 */
function heldStages(state: FoldState, live: Iterable<string>): string[] {
  const expected = new Set([...state.branches.values()].map((branch) => nextStageOf(state, branch)));
  return [...live].filter((address) => {
    if (expected.has(address)) return true;
    const { branch, visit } = parseStageAddress(address);
    return visit === 1 && state.branches.has(branch) && state.branches.get(branch)?.stage === undefined;
  });
}

/** Of a key that hides its parent's. */
const GONE = "no more";

function compareContext(state: FoldState, image: RunImage): string[] {
  const folded = new Map<string, string>();
  for (const [scope, values] of state.context) {
    for (const [key, value] of values) {
      folded.set(`${scope} ${key}`, value === undefined ? GONE : textOfFolded(value));
    }
  }
  const stored = new Map<string, string>();
  for (const { scope, key, value } of image.context) {
    if (!scope.startsWith("@")) stored.set(`${scope} ${key}`, value === undefined ? GONE : textOf(value));
  }
  return differ("context key", folded, stored);
}

function compareCounters(state: FoldState, image: RunImage): string[] {
  if (state.branches.size === 0) return [];
  const stored = new Map<string, string>();
  for (const { scope, key, value } of image.context) {
    if (value === undefined || !("json" in value)) continue;
    if (scope.startsWith("@visits:")) stored.set(`${scope.slice("@visits:".length)} ${key}`, value.json);
  }
  const folded = new Map<string, string>();
  for (const [branch, nodes] of state.visits) {
    for (const [node, { visits }] of nodes) folded.set(`${branch} ${node}`, String(visits));
  }
  const live = image.actors.flatMap(({ actor }) => stageAddressOf(actor) ?? []);
  for (const held of heldStages(state, live)) {
    const { branch, node, visit } = parseStageAddress(held);
    folded.set(`${branch} ${node}`, String(visit));
  }
  return differ("visits", folded, stored);
}

function textOfFolded(value: ContextValue): string {
  return isBlobReference(value) ? value.$blob : JSON.stringify(value);
}

function textOf(value: StoredValue): string {
  return "json" in value ? canonical(value.json) : value.blob;
}

/** JSON texts of one value may differ in blanks only by who wrote them. */
function canonical(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json));
  } catch {
    throw new SafepointError("store_corrupt", "a context value is not JSON");
  }
}

function differ(what: string, folded: ReadonlyMap<string, string>, stored: ReadonlyMap<string, string>): string[] {
  const found: string[] = [];
  for (const [key, value] of folded) {
    const other = stored.get(key);
    if (other === undefined) found.push(`${what} ${key}: the journal has ${value}, the store has none`);
    else if (other !== value) found.push(`${what} ${key}: the journal has ${value}, the store has ${other}`);
  }
  for (const [key, value] of stored) {
    if (!folded.has(key)) found.push(`${what} ${key}: the store has ${value}, the journal has none`);
  }
  return found;
}
