import { type ChartState, charts } from "virtual:statecharts";
import { useCallback, useEffect, useMemo } from "react";
import type { ActorState } from "../api/answers.ts";
import { runPath } from "../api/client.ts";
import { setQuery } from "../app/route.ts";
import { chartDot, statesOf } from "../drawing/chart-dot.ts";
import { Drawing } from "../drawing/drawing.tsx";
import { shortBranch, shortStage } from "../model/address.ts";
import { Failed } from "../parts/empty.tsx";
import { useAnswer } from "../parts/use-answer.ts";
import { useSettled } from "../parts/use-settled.ts";
import { VirtualList } from "../parts/virtual-list.tsx";
import { Inspector } from "./inspector.tsx";
import type { Moment } from "./use-run.ts";

const SETTLE_MS = 150;

const ORDER = ["run", "branch", "stage"];

/** The statecharts, and which of their states each live actor is in. */
export function ChartsTab({ moment, query }: { readonly moment: Moment; readonly query: URLSearchParams }) {
  const { actors, failure, ask } = useActors(moment);
  const asked = query.get("actor") ?? undefined;
  const wanted = query.get("chart") ?? asked?.split(":", 1)[0];
  const actor = actors.find((each) => each.actor === asked) ?? actors.find(({ chart }) => chart === (wanted ?? "run"));
  const chart = charts.find(({ name }) => name === (actor?.chart ?? wanted)) ?? charts[0];
  const picked = query.get("state") ?? undefined;
  const dot = useMemo(() => (chart ? chartDot(chart.chart.root) : ""), [chart]);
  const lit = useMemo(() => new Set(chart && actor ? litStates(chart.chart.root, actor.states) : []), [chart, actor]);
  const paint = useCallback((svg: SVGSVGElement) => paintChart(svg, lit, picked), [lit, picked]);
  if (failure !== undefined && actors.length === 0) return <Failed failure={failure} onRetry={ask} />;
  const state = chart && [...statesOf(chart.chart.root)].find(({ id }) => id === picked);
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
                onClick={() => setQuery({ chart: name, actor: undefined, state: undefined })}
              >
                {name}
              </button>
            ))}
          </fieldset>
          <span className="muted small clip">
            {actor ? `${actor.actor}: ${actor.states.join(", ")}` : "No live actor is in this chart."}
          </span>
        </div>
        <Drawing
          dot={dot}
          label={`Statechart of a ${chart?.name}`}
          paint={paint}
          onPick={(id) => setQuery({ state: id })}
        />
        <Inspector moment={moment} />
      </div>
      <aside className="panel" aria-label="Actors and states">
        {state && <StateDetails state={state} />}
        <h2>
          {moment.isPast ? "Actors then live" : "Live actors"} <span className="muted">{actors.length}</span>
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

function rank({ chart }: ActorState): number {
  return ORDER.indexOf(chart);
}

/** Those that live at the moment: asked for again when another is shown, or the journal has grown, and stands still for a while. */
function useActors({ runId, history, seq, isPast }: Moment) {
  const at = useSettled(isPast ? seq : undefined, SETTLE_MS);
  const { answer, failure, ask } = useAnswer<{ actors: readonly ActorState[] }>(
    runPath(runId, "/actors"),
    at === undefined ? {} : { at },
  );
  const grown = useSettled(history.seq, SETTLE_MS);
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked again when the journal has grown
  useEffect(ask, [grown]);
  const actors = useMemo(() => (answer?.actors ?? []).toSorted((a, b) => rank(a) - rank(b)), [answer]);
  return { actors, failure, ask };
}

/** What leads out of a state, and on which conditions. */
function StateDetails({ state }: { readonly state: ChartState }) {
  return (
    <section className="state-details">
      <header className="row">
        <h2 className="mono clip grow">{state.id}</h2>
        <button type="button" className="quiet icon" aria-label="Close" onClick={() => setQuery({ state: undefined })}>
          ✕
        </button>
      </header>
      {state.description && <p className="muted">{state.description}</p>}
      {state.transitions.length === 0 && <p className="muted">Nothing leads out of it.</p>}
      <ul className="plain">
        {state.transitions.map(({ trigger, guard, targets }) => {
          const name = trigger.kind === "on" ? trigger.event : trigger.kind;
          const to = targets.map((id) => id.split(".").slice(1).join(".")).join(", ");
          return (
            <li key={`${name} ${guard} ${to}`}>
              <b className="mono">{name}</b> {guard && <span className="muted">[{guard}]</span>} →{" "}
              {to === "" ? "stays" : to}
            </li>
          );
        })}
      </ul>
    </section>
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
      onClick={() => setQuery({ actor: actor.actor, chart, state: undefined })}
    >
      <span className="clip">
        <span className="muted">{chart}</span> {name}
      </span>
      <span className="mono small muted clip">{states.join(" · ")}</span>
    </button>
  );
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
function paintChart(svg: SVGSVGElement, lit: ReadonlySet<string>, picked: string | undefined): void {
  for (const element of svg.querySelectorAll("g.node, g.cluster")) {
    const id =
      element.getAttribute("data-id") ?? element.querySelector("title")?.textContent?.replace(/^cluster /, "") ?? "";
    element.setAttribute("data-id", id);
    element.setAttribute("data-name", id);
    element.classList.toggle("lit", lit.has(id));
    element.classList.toggle("picked", id === picked);
    if (!element.classList.contains("node")) continue;
    element.setAttribute("tabindex", "0");
    element.setAttribute("role", "button");
    element.setAttribute("aria-label", lit.has(id) ? `${id}, active` : id);
  }
}
