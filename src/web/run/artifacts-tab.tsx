import { useEffect } from "react";
import type { Artifact } from "../api/answers.ts";
import { getBlob, runPath, wordsOf } from "../api/client.ts";
import { say } from "../app/messages.tsx";
import { setQuery } from "../app/route.ts";
import { isWithin, shortStage } from "../model/address.ts";
import { Empty, Failed } from "../parts/empty.tsx";
import { TextBlock } from "../parts/text-block.tsx";
import { useAnswer } from "../parts/use-answer.ts";
import { useText } from "../parts/use-text.ts";
import { VirtualList } from "../parts/virtual-list.tsx";
import { saveFile } from "./save-file.ts";
import type { Moment } from "./use-run.ts";

/** Prompts, responses, output of tools: whatever stages left behind. */
export function ArtifactsTab({ moment, query }: { readonly moment: Moment; readonly query: URLSearchParams }) {
  const { runId, history, seq } = moment;
  const place = query.get("stage") ?? "";
  const picked = query.get("artifact") ?? undefined;
  const { answer, failure, ask } = useAnswer<{ artifacts: readonly Artifact[] }>(runPath(runId, "/artifacts"));
  const stored = history.entries.filter(({ type }) => type === "artifact.stored");
  const storedBy = new Map(stored.map((entry) => [String(entry.data["artifact"]), entry.seq]));
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked again when another one was stored
  useEffect(ask, [stored.length]);
  if (failure !== undefined && !answer) return <Failed failure={failure} onRetry={ask} />;
  const shown = (answer?.artifacts ?? []).filter(
    ({ artifact, stage }) => (storedBy.get(artifact) ?? 0) <= seq && (place === "" || isWithin(stage, place)),
  );
  const artifact = shown.find((each) => each.artifact === picked);
  return (
    <div className={artifact ? "split even" : "split alone"}>
      <div className="artifacts">
        {place !== "" && (
          <div className="toolbar">
            <button
              type="button"
              className="label"
              title="All stages again"
              onClick={() => setQuery({ stage: undefined })}
            >
              {shortStage(place)} ✕
            </button>
          </div>
        )}
        {shown.length === 0 && answer ? (
          <Empty title="No artifacts so far">
            <p className="muted">Stages keep their prompts, responses and output here.</p>
          </Empty>
        ) : (
          <VirtualList
            count={shown.length}
            rowHeight={30}
            label="Artifacts"
            row={(index) => <Row key={index} artifact={shown[index] as Artifact} picked={picked} />}
          />
        )}
      </div>
      {artifact && <Viewer runId={runId} artifact={artifact} />}
    </div>
  );
}

function Row({ artifact, picked }: { readonly artifact: Artifact; readonly picked: string | undefined }) {
  const { artifact: id, stage, name, bytes, complete } = artifact;
  return (
    <button
      type="button"
      className="branch-row"
      aria-pressed={id === picked}
      onClick={() => setQuery({ artifact: id === picked ? undefined : id })}
    >
      <span className="mono clip">{name}</span>
      <span className="clip muted grow">{shortStage(stage)}</span>
      {!complete && <span className="small warn">cut</span>}
      <span className="mono small">{size(bytes)}</span>
    </button>
  );
}

function size(bytes: number): string {
  if (bytes < 1_024) return `${bytes} B`;
  return bytes < 1_048_576 ? `${(bytes / 1_024).toFixed(1)} kB` : `${(bytes / 1_048_576).toFixed(1)} MB`;
}

const SHOWN_CHARS = 200_000;

function Viewer({ runId, artifact }: { readonly runId: string; readonly artifact: Artifact }) {
  const { artifact: id, name, mediaType, stage, bytes } = artifact;
  const isText = /^text\/|json|xml|yaml/.test(mediaType);
  const path = runPath(runId, `/artifacts/${id.split("/").map(encodeURIComponent).join("/")}`);
  const { text, failure } = useText(isText ? path : undefined);
  const save = async () => {
    // Fetched rather than linked to: a link could not show the server's token.
    try {
      saveFile(name, await getBlob(path));
    } catch (thrown) {
      say(wordsOf(thrown), "bad");
    }
  };
  return (
    <aside className="panel" aria-label={`Artifact ${name}`}>
      <header className="row">
        <h2 className="mono clip grow">{name}</h2>
        <button type="button" onClick={() => void save()}>
          Save
        </button>
        <button
          type="button"
          className="quiet icon"
          aria-label="Close"
          onClick={() => setQuery({ artifact: undefined })}
        >
          ✕
        </button>
      </header>
      <p className="muted small">
        {stage} · {mediaType} · {size(bytes)}
      </p>
      {failure !== undefined && <p role="alert">{wordsOf(failure)}</p>}
      {isText ? <TextBlock tall text={text?.slice(0, SHOWN_CHARS) ?? ""} /> : <p className="muted">Not a text.</p>}
    </aside>
  );
}
