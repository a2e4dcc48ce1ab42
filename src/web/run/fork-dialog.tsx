import { useState } from "react";
import { wordsOf } from "../api/client.ts";
import { forkRun } from "../api/commands.ts";
import { navigate, runHref } from "../app/route.ts";
import { Dialog } from "../parts/dialog.tsx";
import type { Moment } from "./use-run.ts";

/** A new run that goes on from the moment that is shown; of the present, from where the server finds it best. */
export function ForkDialog({ moment, onClose }: { readonly moment: Moment; readonly onClose: () => void }) {
  const { runId, seq, isPast } = moment;
  const [newId, setNewId] = useState("");
  const [failure, setFailure] = useState<string>();
  const fork = async () => {
    try {
      const id = newId.trim();
      navigate(runHref(await forkRun(runId, { ...(isPast ? { at: seq } : {}), ...(id === "" ? {} : { runId: id }) })));
    } catch (thrown) {
      setFailure(wordsOf(thrown));
    }
  };
  return (
    <Dialog title="Fork this run?" onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          void fork();
        }}
      >
        <p>
          A new run begins with all that <b className="mono">{runId}</b> had{" "}
          {isPast ? (
            <>
              at <b className="mono">{seq}</b>
            </>
          ) : (
            "at its newest turn, or before what failed or was cancelled"
          )}
          . This one stays as it is.
        </p>
        <label className="field">
          Id of the new run
          <input
            value={newId}
            placeholder="one is made up where this is empty"
            onChange={(e) => setNewId(e.target.value)}
          />
        </label>
        {failure && (
          <p role="alert" className="reason-text">
            {failure}
          </p>
        )}
        <div className="row end">
          <button type="submit" className="primary">
            Fork
          </button>
        </div>
      </form>
    </Dialog>
  );
}
