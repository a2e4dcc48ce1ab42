/** Cancelling a part of a run: a branch, or all branches of an activation. Source: 03 §2 (branch cancel). */
import { MAIN_BRANCH, readBranchAddress, readStageAddress } from "../journal/address.ts";
import { visitsScope } from "./counter-scopes.ts";
import type { Draft, Message } from "./draft.ts";
import { branchActor, regionOf, stageActor } from "./held-run.ts";
import { coordinatorOf } from "./regions.ts";

/** The message that does it, or why it is refused. Without either nothing is left to do. */
export type BranchCancel =
  | {
      readonly kind: "tell";
      readonly message: Message;
      readonly place: { readonly branch?: string; readonly stage?: string };
    }
  | { readonly kind: "so" }
  | { readonly kind: "refuse"; readonly code: string; readonly hint: string };

/** `path` is that of a branch, or an activation: the address of the stage that its branches belong to. */
export function decideBranchCancel(draft: Draft, path: string, reason: string | undefined): BranchCancel {
  if (path === MAIN_BRANCH) {
    return refuse("use_run_cancel", "the main branch is the run itself; cancel the run");
  }
  if (draft.control === "cancelling") return { kind: "so" };
  const branch = draft.actor(branchActor(path));
  if (branch) return cancelBranch(draft, path, regionOf(branch, "control"));
  const coordinator = coordinatorOf(draft, stageActor(path));
  if (!coordinator) return gone(draft, path);
  if (coordinator.context.region?.decision) return decided(path);
  const event = { type: "ABORT", reason: reason ?? "its branches were cancelled" };
  return { kind: "tell", message: { to: stageActor(path), event }, place: { stage: path } };
}

function cancelBranch(draft: Draft, path: string, control: string): BranchCancel {
  const activation = readBranchAddress(path)?.activation ?? "";
  if (control === "cancelling" || control === "cancelled") return { kind: "so" };
  if (coordinatorOf(draft, stageActor(activation))?.context.region?.decision) return decided(activation);
  return { kind: "tell", message: { to: branchActor(path), event: { type: "CANCEL" } }, place: { branch: path } };
}

function decided(activation: string): BranchCancel {
  return refuse("join_decided", `${activation} has decided already; what is left of it is being cancelled`);
}

function gone(draft: Draft, path: string): BranchCancel {
  if (wasThere(draft, path)) return refuse("branch_finished", `${path} has ended; \`branches\` lists those that go on`);
  return refuse(
    "branch_not_found",
    `expected the path of a branch or activation, found ${path}; \`branches\` lists them`,
  );
}

/** Whether something of this address has been: as far as what is live can tell. */
function wasThere(draft: Draft, path: string): boolean {
  const branch = readBranchAddress(path);
  if (branch) {
    const coordinator = coordinatorOf(draft, stageActor(branch.activation));
    return coordinator ? branch.index < (coordinator.context.region?.next ?? 0) : wasVisited(draft, branch.activation);
  }
  return readStageAddress(path) !== undefined && wasVisited(draft, path);
}

function wasVisited(draft: Draft, activation: string): boolean {
  const stage = readStageAddress(activation);
  if (!stage) return false;
  if (stage.branch !== MAIN_BRANCH && !draft.actor(branchActor(stage.branch))) return wasThere(draft, stage.branch);
  const visits = draft.scopes.read(visitsScope(stage.branch), stage.node);
  return typeof visits === "number" && stage.visit <= visits && !draft.actor(stageActor(activation));
}

function refuse(code: string, hint: string): BranchCancel {
  return { kind: "refuse", code, hint };
}
