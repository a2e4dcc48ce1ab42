/** What the server answers with, as far as the dashboard reads it. The run view is the journal's own. */
import type { EntryType } from "../../journal/catalogue.ts";
import type { RunStatus } from "../../journal/status.ts";
import type { RunView } from "../../journal/view/schema.ts";

export type { EntryType } from "../../journal/catalogue.ts";
export type { AttemptStatus, BranchStatus, RunStatus, StageStatus } from "../../journal/status.ts";

/** A run as it is now, or with `at` as it was. */
export type View = RunView & { readonly at?: { readonly asked: number; readonly used: number } };
export type StageRow = RunView["stages"][number];
export type JoinRow = RunView["joins"][number];

/** A journal entry as it is outside: `at` is RFC 3339. */
export interface Entry {
  readonly runId: string;
  readonly seq: number;
  readonly gseq: number;
  readonly turn: number;
  readonly at: string;
  readonly type: EntryType;
  readonly branch?: string;
  readonly stage?: string;
  readonly attempt?: number;
  readonly execution?: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly cause?: { readonly commandId: string; readonly actor: string };
}

export interface RunSummary {
  readonly runId: string;
  readonly pipeline: { readonly name: string; readonly hash: string };
  readonly status: RunStatus;
  readonly statusReason?: string;
  readonly seq: number;
  readonly createdAt: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
  /** Null: nobody drives it. */
  readonly owner: { readonly host: string; readonly pid: number } | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly parentRun?: string;
}

export interface RunsPage {
  readonly runs: readonly RunSummary[];
  readonly cursor?: string;
}

export interface ControlResult {
  readonly runId: string;
  readonly verb: string;
  /** Null: in force, and nobody has taken it yet. */
  readonly accepted: boolean | null;
  readonly changed: boolean;
  readonly before?: RunStatus;
  readonly after?: RunStatus;
  readonly code?: string;
  readonly hint?: string;
  readonly needs?: "resume";
  readonly draining: readonly string[];
  readonly held: readonly string[];
}

export type QuestionKind = "yes_no" | "confirmation" | "multiple_choice" | "multi_select" | "freeform";

export interface Question {
  readonly runId: string;
  readonly stage: string;
  readonly gate: string;
  readonly kind: QuestionKind;
  readonly purpose: "gate" | "interrupted";
  readonly text: string;
  readonly options: readonly { readonly key: string; readonly label: string; readonly to?: string }[];
  readonly defaultChoice?: string;
  readonly deadline?: string;
  readonly deadlineLeftMs?: number;
}

export interface Diagnostic {
  readonly rule: string;
  readonly severity: "error" | "warning" | "info";
  readonly message: string;
  readonly node?: string;
  readonly line?: number;
  readonly column?: number;
  readonly fix?: string;
}

export interface Validation {
  readonly ok: boolean;
  readonly name?: string;
  readonly diagnostics: readonly Diagnostic[];
}

export interface Definition {
  readonly name: string;
  readonly pipeline: string;
  readonly goal?: string;
  readonly nodes: number;
  readonly edges: number;
}

export interface Artifact {
  readonly artifact: string;
  readonly stage: string;
  readonly execution?: string;
  readonly name: string;
  readonly mediaType: string;
  readonly bytes: number;
  readonly complete: boolean;
}

export interface ActorState {
  /** `stage:main/build@1`. */
  readonly actor: string;
  readonly chart: string;
  readonly seq: number;
  /** Paths of the active states: `control.running`. */
  readonly states: readonly string[];
}

export interface Provenance {
  readonly key: string;
  readonly branch: string;
  readonly scope: string;
  readonly [more: string]: unknown;
}

/** A pipeline as data. */
export interface Pipeline {
  readonly name: string;
  readonly nodes: readonly {
    readonly id: string;
    readonly type: string;
    readonly attributes: Readonly<Record<string, unknown>>;
  }[];
  readonly edges: readonly {
    readonly from: string;
    readonly to: string;
    readonly attributes: Readonly<Record<string, unknown>>;
  }[];
  readonly subgraphs: readonly {
    readonly id: string;
    readonly label?: string;
    readonly parent?: string;
    readonly nodes: readonly string[];
  }[];
}
