import { type ChartState, charts } from "virtual:statecharts";
import { useCallback, useEffect, useMemo } from "react";
import type { ActorState } from "../api/answers.ts";
import { runPath } from "../api/client.ts";
import { setQuery } from "../app/route.ts";
import { Drawing } from "../drawing/drawing.tsx";
import { shortBranch, shortStage } from "../model/address.ts";
import { Failed } from "../parts/empty.tsx";
import { useAnswer } from "../parts/use-answer.ts";
import { useSettled } from "../parts/use-settled.ts";
import { VirtualList } from "../parts/virtual-list.tsx";
import type { Moment } from "./use-run.ts";

const SETTLE_MS = 150;

/** The statecharts, and which of their states each live actor is in. */
export function ChartsTab({ moment, query }: { readonly moment: Moment; readonly query: URLSearchParams }) {
  const { runId, history } = moment;
  const { answer, failure, ask } = useAnswer<{ actors: readonly ActorState[] }>(runPath(runId, "/actors"));
  const grown = useSettled(history.seq, SETTLE_MS);
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked again when the journal has grown
  useEffect(ask, [grown]);
  const actors = answer?.actors ?? [];
  const asked = query.get("actor");
  const actor = actors.find((each) => each.actor === asked) ?? actors[0];
  const chosen = query.get("chart") ?? actor?.chart ?? chartOf(asked) ?? "run";
  const chart = charts.find(({ name }) => name === chosen) ?? charts[0];
  const lit = useMemo(
    () => new Set(chart && actor?.chart === chart.name ? litStates(chart.chart.root, actor.states) : []),
    [chart, actor],
  );
  const paint = useCallback((svg: SVGSVGElement) => paintChart(svg, lit), [lit]);
  if (failure !== undefined && !answer) return <Failed failure={failure} onRetry={ask} />;
  return (
    <div className="split charts">
      <div className="chart-view">
        <div className="toolbar">
          <fieldset className="chips" aria-label="Statechart">
            {charts.map(({ name }) => (
              <button
                key={name}
                type="button"
                aria-pressed={name === chart?.name}
                onClick={() => setQuery({ chart: name, actor: actors.find((each) => each.chart === name)?.actor })}
              >
                {name}
              </button>
            ))}
          </fieldset>
          <span className="muted small clip">
            {lit.size > 0
              ? `${actor?.actor}: ${actor?.states.join(", ")}`
              : "No live actor is in this chart; it is drawn as it is."}
            {moment.isPast && " Actors are those of now."}
          </span>
        </div>
        {chart && <Drawing dot={chart.dot} label={`Statechart of a ${chart.name}`} paint={paint} />}
      </div>
      <aside className="panel" aria-label="Live actors">
        <h2>
          Live actors <span className="muted">{actors.length}</span>
        </h2>
        {actors.length === 0 && <p className="muted">None: the run has ended.</p>}
        <VirtualList
          count={actors.length}
          rowHeight={40}
          label="Actors"
          row={(index) => <ActorRow key={index} actor={actors[index] as ActorState} shown={actor?.actor} />}
        />
      </aside>
    </div>
  );
}

function ActorRow({ actor, shown }: { readonly actor: ActorState; readonly shown: string | undefined }) {
  const { chart, states } = actor;
  const address = actor.actor.slice(chart.length + 1);
  const name = chart === "stage" ? shortStage(address) : chart === "branch" ? shortBranch(address) : address;
  return (
    <button
      type="button"
      className="actor-row"
      aria-pressed={actor.actor === shown}
      title={actor.actor}
      onClick={() => setQuery({ actor: actor.actor, chart: chart })}
    >
      <span className="clip">
        <span className="muted">{chart}</span> {name}
      </span>
      <span className="mono small muted clip">{states.join(" · ")}</span>
    </button>
  );
}

function chartOf(actor: string | null): string | undefined {
  return actor?.split(":", 1)[0];
}

/** Ids of the active states and of those around them. */
function litStates(root: ChartState, paths: readonly string[]): string[] {
  return paths.flatMap((path) => {
    const ids = [root.id];
    let state: ChartState | undefined = root;
    for (const key of path.split(".")) {
      state = state?.children.find((child) => child.key === key);
      if (state) ids.push(state.id);
    }
    return ids;
  });
}

/** Drawn states are named by their ids, and those with children are clusters of that name. */
function paintChart(svg: SVGSVGElement, lit: ReadonlySet<string>): void {
  for (const element of svg.querySelectorAll("g.node, g.cluster")) {
    const id =
      element.getAttribute("data-id") ?? element.querySelector("title")?.textContent?.replace(/^cluster /, "") ?? "";
    element.setAttribute("data-id", id);
    element.classList.toggle("lit", lit.has(id));
  }
}
