/** A machine's snapshot as it is stored with its stage. */
import type { AnyStateMachine, Snapshot } from "xstate";
import { SafepointError } from "../../errors.ts";
import { isMachine } from "./machine-check.ts";
import type { StoredDelay } from "./machine-delays.ts";
import { findNonJson } from "./plain-json.ts";

/** The form of a stored snapshot; another number is another form. */
const FORM = 1;

export interface StoredMachine {
  readonly form: typeof FORM;
  readonly machine: string;
  readonly version: string | null;
  /** A retry begins anew; only the same attempt goes on from here. */
  readonly attempt: number;
  readonly snapshot: Snapshot<unknown>;
  readonly delays: readonly StoredDelay[];
}

/** Throws `handler_invalid` when something of it is not plain JSON: it would come back as something else. */
export function writeMachine(
  machine: AnyStateMachine,
  rest: Pick<StoredMachine, "attempt" | "snapshot" | "delays">,
): string {
  const found =
    findInlineActors(rest.snapshot, machine.id) ??
    findNonJson(rest.snapshot, "snapshot", { undefinedProperties: true }) ??
    findNonJson(rest.delays, "delays", { undefinedProperties: true });
  if (found) {
    const message = `the state of machine "${machine.id}" cannot be stored: it must be plain JSON with registered actors, but ${found}`;
    throw new SafepointError("handler_invalid", message, { details: { machine: machine.id, problem: found } });
  }
  const stored: StoredMachine = { form: FORM, machine: machine.id, version: machine.version ?? null, ...rest };
  return JSON.stringify(stored);
}

/**
 * The stored state of an attempt's machine; undefined where there is none of this attempt. Throws
 * `checkpoint_incompatible` when the machine is not the one that was stored: XState would drop what it does not know.
 */
export function readMachine(
  machine: AnyStateMachine,
  text: string | undefined,
  attempt: number,
): StoredMachine | undefined {
  if (text === undefined) return undefined;
  const stored = JSON.parse(text) as StoredMachine;
  if (stored.form !== FORM)
    throw incompatible(machine, `it was stored in form ${stored.form}, and only ${FORM} is known`);
  if (stored.attempt !== attempt) return undefined;
  const version = machine.version ?? null;
  if (stored.machine !== machine.id || stored.version !== version) {
    const [was, is] = [`${stored.machine}@${stored.version ?? "-"}`, `${machine.id}@${version ?? "-"}`];
    throw incompatible(machine, `${was} was stored, and the registered machine is ${is}`);
  }
  const problem = findUnknown(machine, stored.snapshot as unknown as PersistedMachine);
  if (problem) throw incompatible(machine, problem);
  return stored;
}

interface PersistedMachine {
  readonly value: unknown;
  readonly children?: Record<string, { readonly src: unknown; readonly snapshot: unknown }>;
}

function findInlineActors(snapshot: unknown, machine: string): string | undefined {
  for (const [id, child] of Object.entries((snapshot as PersistedMachine).children ?? {})) {
    if (typeof child.src !== "string") return `actor "${id}" of "${machine}" is inline`;
    const inner = findInlineActors(child.snapshot, id);
    if (inner) return inner;
  }
  return undefined;
}

function findUnknown(machine: AnyStateMachine, snapshot: PersistedMachine): string | undefined {
  const missing = missingState(machine.root, snapshot.value, []);
  if (missing) return `it was stored in state "${missing}", which "${machine.id}" has no longer`;
  const actors = (machine.implementations as { actors: Record<string, unknown> }).actors;
  for (const [id, child] of Object.entries(snapshot.children ?? {})) {
    const logic = actors[String(child.src)];
    if (logic === undefined) return `its actor "${id}" comes from "${String(child.src)}", which is not registered`;

    const problem = isMachine(logic) ? findUnknown(logic, child.snapshot as PersistedMachine) : undefined;
    if (problem) return problem;
  }
  return undefined;
}

function missingState(node: AnyStateMachine["root"], value: unknown, path: readonly string[]): string | undefined {
  const parts = typeof value === "string" ? { [value]: undefined } : ((value ?? {}) as Record<string, unknown>);
  for (const [key, inner] of Object.entries(parts)) {
    const child = node.states[key] as AnyStateMachine["root"] | undefined;
    if (!child) return [...path, key].join(".");
    const missing = inner === undefined ? undefined : missingState(child, inner, [...path, key]);
    if (missing) return missing;
  }
  return undefined;
}

function incompatible(machine: AnyStateMachine, problem: string): SafepointError {
  const message = `machine "${machine.id}" cannot go on from its stored state: ${problem}; register the machine of then, or retry the stage`;
  return new SafepointError("checkpoint_incompatible", message, { details: { machine: machine.id, problem } });
}
