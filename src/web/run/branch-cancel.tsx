import { useState } from "react";
import { wordsOf } from "../api/client.ts";
import { giveCommand, resultInWords } from "../api/commands.ts";
import { say } from "../app/messages.tsx";

interface BranchCancelProps {
  readonly runId: string;
  readonly path: string;
  readonly against: string | undefined;
}

/** Cancels one branch, after a second press. It counts as failed for its join. */
export function BranchCancel({ runId, path, against }: BranchCancelProps) {
  const [isAsked, setAsked] = useState(false);
  const cancel = async () => {
    setAsked(false);
    try {
      const { text, tone } = resultInWords(await giveCommand(runId, "cancel", { branch: path }));
      say(text, tone);
    } catch (failure) {
      say(wordsOf(failure), "bad");
    }
  };
  return (
    <p className="row">
      <button
        type="button"
        className="danger small"
        disabled={against !== undefined}
        title={against ?? "It counts as failed for its join"}
        onClick={() => (isAsked ? void cancel() : setAsked(true))}
        onBlur={() => setAsked(false)}
      >
        {isAsked ? "Cancel it, for good" : "Cancel this branch…"}
      </button>
    </p>
  );
}
