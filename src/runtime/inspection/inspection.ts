/** What the inspection feed tells. Source: 02 §2. */
import type { ActorKind } from "../../actors/held-run.ts";

/** What an actor was told. Its fields are those that the chart was given. */
export interface InspectedEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** A state of a chart as XState writes it: a name, or a name per region. */
export type InspectedState = string | { readonly [region: string]: InspectedState };

/** Where a step brought an actor. A frozen copy: nobody who looks on can change the run. */
export interface InspectedSnapshot {
  /** `done` in the last step of an actor. */
  readonly status: "active" | "done";
  readonly value: InspectedState;
  readonly context: Readonly<Record<string, unknown>>;
}

/** One step of one actor, after the commit of the turn that it belongs to. */
export interface Inspection {
  readonly runId: string;
  /** As in checkpoints: `run`, `branch:<path>`, `stage:<path>/<node>@<visit>`. */
  readonly actor: string;
  /** `xstate.init` where it began. Null where nothing happened: this is how the feed found it. */
  readonly event: InspectedEvent | null;
  readonly snapshot: InspectedSnapshot;
  /** Of the last entry of the turn: what entries of the journal call `turn`. */
  readonly seq: number;
  /** Of the turn. Epoch ms. */
  readonly at: number;
  /** Steps that this subscriber lost immediately before this one, because it was too slow. */
  readonly dropped?: number;
}

/** Which steps; what is given must all fit. */
export interface InspectOptions {
  readonly runId?: string;
  /** As it is in an {@link Inspection}. */
  readonly actor?: string;
  readonly chart?: ActorKind;
  /** Steps that wait for a subscriber at most; the oldest are dropped. Default 1,000. */
  readonly keep?: number;
}

/** What takes a feed: an observer of RxJS, of XState, or a function. */
export type InspectionObserver =
  | ((inspection: Inspection) => void)
  | { readonly next?: (inspection: Inspection) => void; readonly complete?: () => void };
