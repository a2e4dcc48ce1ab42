import { useEffect, useState } from "react";
import type { ControlResult, RunStatus, RunSummary } from "../api/answers.ts";
import { post, wordsOf } from "../api/client.ts";
import { giveCommand, reasonAgainst, type Verb } from "../api/commands.ts";
import { say } from "../app/messages.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { Pill } from "../parts/pill.tsx";

export interface BulkOrder {
  readonly verb: Verb;
  /** These, one by one. */
  readonly runs?: readonly RunSummary[];
  /** Or all that fit, as the server finds them. */
  readonly selector?: { readonly status?: readonly RunStatus[]; readonly labels?: string };
}

interface Line {
  readonly runId: string;
  readonly status: RunStatus | undefined;
  readonly against: string | undefined;
}

interface BulkDialogProps {
  readonly order: BulkOrder;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** Says first which runs a command would be given to; nothing happens before that is confirmed. */
export function BulkDialog({ order, onClose, onDone }: BulkDialogProps) {
  const { verb } = order;
  const [lines, setLines] = useState<readonly Line[] | undefined>();
  const [failure, setFailure] = useState<string | undefined>();
  const [reason, setReason] = useState("");
  const [isBusy, setBusy] = useState(false);
  useEffect(() => {
    preview(order).then(setLines, (thrown: unknown) => setFailure(wordsOf(thrown)));
  }, [order]);
  const meant = lines?.filter(({ against }) => against === undefined) ?? [];
  const confirm = async () => {
    setBusy(true);
    const results = await giveAll(verb, meant, reason);
    const refused = results.filter(({ accepted }) => accepted === false);
    say(summary(verb, results.length, refused), refused.length > 0 ? "bad" : "good");
    onDone();
    onClose();
  };
  const name = `${verb[0]?.toUpperCase()}${verb.slice(1)}`;
  return (
    <Dialog title={`${name} ${lines ? runsInWords(meant.length) : "runs"}?`} onClose={onClose}>
      {failure && <p role="alert">{failure}</p>}
      {!lines && !failure && <p className="muted">Looking which runs are meant…</p>}
      {lines && <Preview lines={lines} />}
      <label className="field">
        Reason
        <input
          value={reason}
          placeholder="kept in the journal of each run"
          onChange={(event) => setReason(event.target.value)}
        />
      </label>
      <div className="row end">
        <button type="button" onClick={onClose}>
          Leave them
        </button>
        <button
          type="button"
          className={verb === "cancel" ? "danger" : "primary"}
          disabled={meant.length === 0 || isBusy}
          title={meant.length === 0 ? "None of these runs would change." : undefined}
          onClick={() => void confirm()}
        >
          {name} {runsInWords(meant.length)}
        </button>
      </div>
    </Dialog>
  );
}

function Preview({ lines }: { readonly lines: readonly Line[] }) {
  if (lines.length === 0) return <p className="muted">No live run fits.</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached with the keyboard too
    <ul className="preview" tabIndex={0} aria-label="Runs that are meant">
      {lines.map(({ runId, status, against }) => (
        <li key={runId} className={against === undefined ? undefined : "against"}>
          {status && <Pill status={status} />}
          <span className="mono grow clip">{runId}</span>
          {against && <span className="small">{against}</span>}
        </li>
      ))}
    </ul>
  );
}

async function preview({ verb, runs, selector }: BulkOrder): Promise<readonly Line[]> {
  if (runs) return runs.map(({ runId, status }) => ({ runId, status, against: reasonAgainst(verb, status) }));
  const { status, labels } = selector ?? {};
  const body = {
    verb,
    dryRun: true,
    ...(status === undefined ? {} : { status }),
    ...(labels === undefined ? {} : { labels: pairOf(labels) }),
    ...(status === undefined && labels === undefined ? { all: true } : {}),
  };
  const { results } = await post<{ results: readonly ControlResult[] }>("/control", body);
  return results.map(({ runId, before }) => ({ runId, status: before, against: reasonAgainst(verb, before) }));
}

function pairOf(label: string): Record<string, string> {
  const at = label.indexOf("=");
  return { [label.slice(0, at)]: label.slice(at + 1) };
}

/** Those that were listed, and no other that has come to fit since. A few at a time. */
async function giveAll(verb: Verb, lines: readonly Line[], reason: string): Promise<ControlResult[]> {
  const results: ControlResult[] = [];
  const left = [...lines];
  const work = async () => {
    for (let line = left.shift(); line; line = left.shift()) results.push(await giveOne(verb, line.runId, reason));
  };
  await Promise.all(Array.from({ length: 6 }, work));
  return results;
}

async function giveOne(verb: Verb, runId: string, reason: string): Promise<ControlResult> {
  try {
    return await giveCommand(runId, verb, { reason });
  } catch (failure) {
    return { runId, verb, accepted: false, changed: false, hint: wordsOf(failure), draining: [], held: [] };
  }
}

function summary(verb: Verb, given: number, refused: readonly ControlResult[]): string {
  const [first] = refused;
  if (!first) return `${verb}: ${runsInWords(given)}`;
  return `${verb}: ${runsInWords(given - refused.length)}; ${refused.length} refused (${first.runId}: ${first.hint ?? first.code})`;
}

function runsInWords(count: number): string {
  return count === 1 ? "1 run" : `${count} runs`;
}
