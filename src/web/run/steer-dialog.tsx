import { useState } from "react";
import { wordsOf } from "../api/client.ts";
import { giveCommand, resultInWords } from "../api/commands.ts";
import { say } from "../app/messages.tsx";
import { Dialog } from "../parts/dialog.tsx";

/** A message for the stages that start later. */
export function SteerDialog({ runId, onClose }: { readonly runId: string; readonly onClose: () => void }) {
  const [message, setMessage] = useState("");
  const steer = async () => {
    onClose();
    try {
      const result = await giveCommand(runId, "steer", { message });
      const { text, tone } = resultInWords(result);
      say(result.accepted === true ? `${runId}: stages that start from now on are told` : text, tone);
    } catch (failure) {
      say(wordsOf(failure), "bad");
    }
  };
  return (
    <Dialog title="Tell later stages something" onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void steer();
        }}
      >
        <label className="field">
          Message
          <textarea rows={4} required value={message} onChange={(event) => setMessage(event.target.value)} />
        </label>
        <p className="muted small">
          It is the context key <code>steer.message</code> from now on.
        </p>
        <div className="row end">
          <button type="submit" className="primary">
            Send
          </button>
        </div>
      </form>
    </Dialog>
  );
}
