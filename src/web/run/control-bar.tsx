import { useState } from "react";
import type { ControlResult, RunStatus } from "../api/answers.ts";
import { wordsOf } from "../api/client.ts";
import {
  type CommandOptions,
  giveCommand,
  reasonAgainst,
  reasonAgainstSteer,
  resultInWords,
  type Verb,
} from "../api/commands.ts";
import { say } from "../app/messages.tsx";
import { useShortcuts } from "../app/shortcuts.ts";
import { CancelDialog } from "./cancel-dialog.tsx";
import { ForkDialog } from "./fork-dialog.tsx";
import { SteerDialog } from "./steer-dialog.tsx";
import type { Moment } from "./use-run.ts";

const PAST = "This is the past: go back to live first (l).";

type Mode = "drain" | "interrupt";

interface ControlBarProps {
  readonly moment: Moment;
  readonly onResult: (result: ControlResult) => void;
}

/** Pause that becomes Continue, and Cancel; each with a reason that the journal keeps. */
export function ControlBar({ moment, onResult }: ControlBarProps) {
  const { runId, status, isPast } = moment;
  const [reason, setReason] = useState("");
  const [mode, setMode] = useState<Mode>("drain");
  const [shown, setShown] = useState<"cancel" | "steer" | "fork" | undefined>();
  const close = () => setShown(undefined);
  const { give, busy } = useCommands(runId, (result) => {
    onResult(result);
    if (result.accepted !== false) setReason("");
  });
  const isHeld = status === "paused" || status === "pausing";
  const verb: Verb = isHeld ? "continue" : "pause";
  const against = againstNow(verb, moment, busy);
  const againstCancel = againstNow("cancel", moment, busy);
  const toggle = () => void give(verb, verb === "pause" ? { reason, mode } : { reason });
  useShortcuts("Control", [
    { keys: "p", does: "Pause, or continue", run: () => !against && toggle() },
    { keys: "x", does: "Cancel", run: () => !againstCancel && setShown("cancel") },
    { keys: "f", does: "Fork it, from the moment shown", run: () => setShown("fork") },
  ]);
  return (
    <fieldset className="controls" aria-label="Control">
      <Reason reason={reason} onChange={setReason} />
      {!isHeld && <ModeChoice mode={mode} onChange={setMode} />}
      <Hinted against={against}>
        <button type="button" className="primary" disabled={against !== undefined} onClick={toggle}>
          {isHeld ? "▶ Continue" : "❚❚ Pause"}
        </button>
      </Hinted>
      <Hinted against={againstCancel}>
        <button
          type="button"
          className="danger"
          disabled={againstCancel !== undefined}
          onClick={() => setShown("cancel")}
        >
          Cancel…
        </button>
      </Hinted>
      <More status={status} isPast={isPast} onShow={setShown} />
      {shown === "steer" && <SteerDialog runId={runId} onClose={close} />}
      {shown === "fork" && <ForkDialog moment={moment} onClose={close} />}
      {shown === "cancel" && (
        <CancelDialog
          runId={runId}
          reason={reason}
          onClose={close}
          onConfirm={(options) => {
            close();
            void give("cancel", options);
          }}
        />
      )}
    </fieldset>
  );
}

interface MoreProps {
  readonly status: RunStatus | undefined;
  readonly isPast: boolean;
  readonly onShow: (what: "steer" | "fork") => void;
}

/** What is wanted less often. A fork is the only way on from a run that is cancelled, and from the past. */
function More({ status, isPast, onShow }: MoreProps) {
  const againstSteer = isPast ? PAST : reasonAgainstSteer(status);
  return (
    <>
      <Hinted against={againstSteer}>
        <button type="button" className="quiet" disabled={againstSteer !== undefined} onClick={() => onShow("steer")}>
          Steer…
        </button>
      </Hinted>
      <button type="button" className="quiet" onClick={() => onShow("fork")}>
        Fork…
      </button>
    </>
  );
}

/** Gives a command, says what it came to, and knows while it is on its way. */
function useCommands(runId: string, onResult: (result: ControlResult) => void) {
  const [busy, setBusy] = useState<Verb | undefined>();
  const give = async (verb: Verb, options: CommandOptions) => {
    setBusy(verb);
    try {
      const result = await giveCommand(runId, verb, options);
      onResult(result);
      const { text, tone } = resultInWords(result);
      say(text, tone);
    } catch (failure) {
      say(wordsOf(failure), "bad");
    }
    setBusy(undefined);
  };
  return { give, busy };
}

function Reason({ reason, onChange }: { readonly reason: string; readonly onChange: (reason: string) => void }) {
  return (
    <label>
      <span className="sr-only">Reason</span>
      <input
        value={reason}
        placeholder="Reason"
        title="Kept in the journal"
        onChange={(event) => onChange(event.target.value)}
      />
    </label>
  );
}

function ModeChoice({ mode, onChange }: { readonly mode: Mode; readonly onChange: (mode: Mode) => void }) {
  return (
    <label>
      <span className="sr-only">How to pause</span>
      <select value={mode} title="How to pause" onChange={(event) => onChange(event.target.value as Mode)}>
        <option value="drain">drain</option>
        <option value="interrupt">interrupt</option>
      </select>
    </label>
  );
}

function againstNow(verb: Verb, { status, isPast }: Moment, busy: Verb | undefined): string | undefined {
  if (isPast) return PAST;
  if (busy) return `${busy} is on its way.`;
  return reasonAgainst(verb, status);
}

/** A disabled button gets no pointer: what is around it says why. */
function Hinted({ against, children }: { readonly against: string | undefined; readonly children: React.ReactNode }) {
  return (
    <span className="hinted" title={against}>
      {children}
      {against && <span className="sr-only">{against}</span>}
    </span>
  );
}
