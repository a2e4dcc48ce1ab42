import { useState } from "react";
import type { CommandOptions } from "../api/commands.ts";
import { Dialog } from "../parts/dialog.tsx";

interface CancelDialogProps {
  readonly runId: string;
  readonly reason: string;
  readonly onClose: () => void;
  readonly onConfirm: (options: CommandOptions) => void;
}

/** A cancel is for good, so it is asked twice. */
export function CancelDialog({ runId, reason, onClose, onConfirm }: CancelDialogProps) {
  const [why, setWhy] = useState(reason);
  const [isForced, setForced] = useState(false);
  return (
    <Dialog title="Cancel this run?" onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          onConfirm({ reason: why, ...(isForced ? { force: true } : {}) });
        }}
      >
        <p>
          What is in flight in <b className="mono">{runId}</b> is told to stop, and is ended when its grace is over.
          Held work never starts. This is for good: only a fork can go on from there.
        </p>
        <label className="field">
          Reason
          <input value={why} placeholder="kept in the journal" onChange={(event) => setWhy(event.target.value)} />
        </label>
        <label className="row">
          <input type="checkbox" checked={isForced} onChange={(event) => setForced(event.target.checked)} />
          Without grace
        </label>
        <div className="row end">
          <button type="button" onClick={onClose}>
            Leave it
          </button>
          <button type="submit" className="danger">
            Cancel the run
          </button>
        </div>
      </form>
    </Dialog>
  );
}
