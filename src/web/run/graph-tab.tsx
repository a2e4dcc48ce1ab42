import { useCallback, useMemo } from "react";
import type { Pipeline, View } from "../api/answers.ts";
import { runPath } from "../api/client.ts";
import { setQuery } from "../app/route.ts";
import { Drawing } from "../drawing/drawing.tsx";
import { paintPipeline } from "../drawing/paint-pipeline.ts";
import { pipelineDot } from "../drawing/pipeline-dot.ts";
import { readStage } from "../model/address.ts";
import { Empty, Failed } from "../parts/empty.tsx";
import { useAnswer } from "../parts/use-answer.ts";
import { NodePanel } from "./node-panel.tsx";
import type { Moment } from "./use-run.ts";

/** Beyond, Graphviz takes minutes. */
const DRAWN_NODES_MAX = 1_500;

/** The pipeline, drawn once, with what the run does to it as colour. */
export function GraphTab({ moment, query }: { readonly moment: Moment; readonly query: URLSearchParams }) {
  const { runId, history, seq, version } = moment;
  const picked = query.get("node") ?? undefined;
  const { answer: pipeline, failure, ask } = useAnswer<Pipeline>(runPath(runId, "/graph"), { format: "json" });
  const dot = useMemo(() => (pipeline ? pipelineDot(pipeline) : undefined), [pipeline]);
  const { view } = moment;
  const held = useMemo(() => heldNodes(view), [view]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the history grows in place; its version says so
  const paint = useCallback(
    (svg: SVGSVGElement) => pipeline && paintPipeline(svg, { pipeline, history, seq, picked, held }),
    [pipeline, history, version, seq, picked, held],
  );
  if (failure !== undefined && !pipeline) return <Failed failure={failure} onRetry={ask} />;
  if (!pipeline || dot === undefined) return <p className="muted pad">Reading the pipeline…</p>;
  const node = pipeline.nodes.find(({ id }) => id === picked);
  return (
    <div className={node ? "split" : "split alone"}>
      {pipeline.nodes.length > DRAWN_NODES_MAX ? (
        <Empty title={`${pipeline.nodes.length} nodes are too many to draw`}>
          <p className="muted">The timeline and the journal show them all.</p>
        </Empty>
      ) : (
        <Drawing
          dot={dot}
          label={`Pipeline ${pipeline.name}`}
          paint={paint}
          onPick={(id) => setQuery({ node: id === picked ? undefined : id, stage: undefined })}
        />
      )}
      {node && <NodePanel node={node} moment={moment} stage={query.get("stage") ?? undefined} />}
    </div>
  );
}

function heldNodes(view: View | undefined): ReadonlySet<string> {
  return new Set(
    (view?.control.held ?? []).flatMap(({ stage }) => (stage === undefined ? [] : [readStage(stage).node])),
  );
}
