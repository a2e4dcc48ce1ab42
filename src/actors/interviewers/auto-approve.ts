import type { Interviewer } from "./interviewer.ts";

/**
 * Says yes to everything, for runs that are meant to go through unattended: the first option, or a text where one is
 * wanted. Whether an execution whose outcome is unknown may run again is nobody's to approve unasked: that stays open.
 */
export function autoApproveInterviewer(options: { readonly text?: string } = {}): Interviewer {
  return {
    actor: "auto-approve",
    async ask({ kind, purpose, options: choices }) {
      if (purpose === "interrupted") return undefined;
      if (kind === "freeform") return options.text ?? "approved";
      const key = choices[0]?.key ?? "yes";
      return kind === "multi_select" ? [key] : key;
    },
  };
}
