import { useState } from "react";
import type { Provenance } from "../api/answers.ts";
import { runPath } from "../api/client.ts";
import { runHref, setQuery } from "../app/route.ts";
import { readBranch } from "../model/address.ts";
import { Empty, Failed } from "../parts/empty.tsx";
import { useAnswer } from "../parts/use-answer.ts";
import { useSettled } from "../parts/use-settled.ts";
import type { Moment } from "./use-run.ts";

const SETTLE_MS = 250;

/** What a branch reads at the moment shown, key by key, and where each value comes from. */
export function ContextTab({ moment, query }: { readonly moment: Moment; readonly query: URLSearchParams }) {
  const { runId, seq, isPast } = moment;
  const branch = query.get("branch") ?? undefined;
  const key = query.get("key") ?? undefined;
  const [search, setSearch] = useState("");
  const at = useSettled(isPast ? seq : undefined, SETTLE_MS);
  // A live context is asked for again when the journal has grown and stands still for a moment.
  const grown = useSettled(seq, SETTLE_MS);
  const { answer, failure, ask } = useAnswer<Record<string, unknown>>(
    grown === undefined ? undefined : runPath(runId, "/context"),
    { at: isPast ? at : grown, branch },
  );
  if (failure !== undefined && !answer) return <Failed failure={failure} onRetry={ask} />;
  const rows = Object.entries(answer ?? {}).filter(([name]) => name.toLowerCase().includes(search.toLowerCase()));
  return (
    <div className={key === undefined ? "split alone" : "split"}>
      <div className="context">
        <div className="toolbar">
          <label className="search">
            <span className="sr-only">Search keys</span>
            <input
              type="search"
              placeholder="Search keys"
              value={search}
              onChange={(event) => setSearch(event.target.value)}
            />
          </label>
          <span className="muted">
            as <b className="mono">{branch ?? "main"}</b> reads it
          </span>
          {branch !== undefined && (
            <button type="button" onClick={() => setQuery({ branch: parentOf(branch) })}>
              Its parent
            </button>
          )}
          <span className="grow" />
          <span className="muted small">{rows.length} keys</span>
        </div>
        {rows.length === 0 && answer && (
          <Empty title={search === "" ? "The context is empty" : "No key is like that"} />
        )}
        {rows.length > 0 && <Rows rows={rows} picked={key} />}
      </div>
      {key !== undefined && <ProvenancePanel moment={moment} branch={branch} name={key} at={isPast ? at : undefined} />}
    </div>
  );
}

interface RowsProps {
  readonly rows: readonly (readonly [string, unknown])[];
  readonly picked: string | undefined;
}

function Rows({ rows, picked }: RowsProps) {
  return (
    <div className="scroll">
      <table className="pairs-table">
        <thead>
          <tr>
            <th>Key</th>
            <th>Value</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, value]) => (
            <tr key={name} className={name === picked ? "chosen" : undefined}>
              <td>
                <button
                  type="button"
                  className="link mono"
                  onClick={() => setQuery({ key: name === picked ? undefined : name })}
                >
                  {name}
                </button>
              </td>
              <td>
                <Value value={value} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function parentOf(branch: string): string | undefined {
  const activation = readBranch(branch)?.activation;
  const parent = activation?.slice(0, activation.lastIndexOf("/"));
  return parent === "main" ? undefined : parent;
}

function Value({ value }: { readonly value: unknown }) {
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 1);
  return <pre className={typeof value === "string" ? "value" : "value json"}>{text}</pre>;
}

interface ProvenancePanelProps {
  readonly moment: Moment;
  readonly branch: string | undefined;
  readonly name: string;
  readonly at: number | undefined;
}

function ProvenancePanel({ moment, branch, name, at }: ProvenancePanelProps) {
  const query = { key: name, branch, at };
  const { answer, failure } = useAnswer<Provenance>(runPath(moment.runId, "/provenance"), query);
  const facts = Object.entries(answer ?? {}).filter(([fact]) => fact !== "runId" && fact !== "key" && fact !== "value");
  return (
    <aside className="panel" aria-label={`Where ${name} comes from`}>
      <header className="row">
        <h2 className="mono clip grow">{name}</h2>
        <button type="button" className="quiet icon" aria-label="Close" onClick={() => setQuery({ key: undefined })}>
          ✕
        </button>
      </header>
      <h3>Where it comes from</h3>
      {failure !== undefined && !answer && <Failed failure={failure} />}
      <dl className="pairs">
        {facts.map(([fact, value]) => (
          <div key={fact}>
            <dt>{fact}</dt>
            <dd className="mono">
              {fact === "seq" ? (
                <a href={runHref(moment.runId, "journal", { seq: String(value) })}>{String(value)}</a>
              ) : typeof value === "string" ? (
                value
              ) : (
                <pre className="value json">{JSON.stringify(value, null, 1)}</pre>
              )}
            </dd>
          </div>
        ))}
      </dl>
    </aside>
  );
}
