/** Lays a moment of a run over the drawing of its pipeline: classes and badges, no new layout. */
import type { Pipeline } from "../api/answers.ts";
import type { History } from "../model/history.ts";
import { type NodeAt, nodesAt, timesTaken } from "../model/node-states.ts";

const SVG = "http://www.w3.org/2000/svg";

export interface Shown {
  readonly pipeline: Pipeline;
  readonly history: History;
  readonly seq: number;
  readonly picked: string | undefined;
  /** Nodes that go on when the run is continued. */
  readonly held: ReadonlySet<string>;
}

export function paintPipeline(svg: SVGSVGElement, { pipeline, history, seq, picked, held }: Shown): void {
  const states = nodesAt(history, seq);
  for (const element of svg.querySelectorAll<SVGGElement>("g.node")) {
    const node = pipeline.nodes[indexOf(element)];
    if (node)
      paintNode(element, { node, at: states.get(node.id), isPicked: node.id === picked, isHeld: held.has(node.id) });
  }
  for (const element of svg.querySelectorAll<SVGGElement>("g.edge")) {
    const index = Number(element.id.slice(1));
    const edge = pipeline.edges[index];
    if (!edge) continue;
    const isConditional = edge.attributes["condition"] !== undefined;
    const taken = timesTaken(history, { index, from: edge.from, to: edge.to, isConditional }, seq);
    element.setAttribute("class", taken > 0 ? "edge taken" : "edge");
    title(element, `${edge.from} → ${edge.to}${taken > 0 ? `, taken ${taken === 1 ? "once" : `${taken} times`}` : ""}`);
  }
}

/** Nodes are drawn as `n0`, `n1` …; the title that said so becomes words. */
function indexOf(element: SVGGElement): number {
  const known = element.getAttribute("data-index") ?? element.querySelector("title")?.textContent?.slice(1) ?? "";
  element.setAttribute("data-index", known);
  return Number(known);
}

interface PaintedNode {
  readonly node: Pipeline["nodes"][number];
  readonly at: NodeAt | undefined;
  readonly isPicked: boolean;
  readonly isHeld: boolean;
}

function paintNode(element: SVGGElement, { node, at, isPicked, isHeld }: PaintedNode): void {
  const state = isHeld ? "held" : (at?.state ?? "none");
  const words = isHeld
    ? "held"
    : at
      ? at.counts
        ? countsInWords(at.counts)
        : at.state.replaceAll("_", " ")
      : "not visited";
  element.setAttribute("class", `node s-${state}${isPicked ? " picked" : ""}`);
  element.setAttribute("data-name", node.id);
  element.setAttribute("tabindex", "0");
  element.setAttribute("role", "button");
  element.setAttribute("aria-pressed", String(isPicked));
  title(element, `${node.id} (${node.type}): ${words}`);
  const name = [...element.querySelectorAll("text:not(.badge)")].map((text) => text.textContent).join(" ");
  badge(element, at?.counts ? countsInSigns(at.counts) : at && at.visits > 1 ? `×${at.visits}` : "");
  // What is read aloud begins with what is read.
  const sign = element.querySelector(".badge")?.textContent ?? "";
  element.setAttribute("aria-label", [name, sign, words, node.id === name ? "" : node.id].filter(Boolean).join(" "));
}

function title(element: SVGGElement, text: string): void {
  const found = element.querySelector("title");
  if (found && found.textContent !== text) found.textContent = text;
}

/** At the lower edge of a node: how often, or how its branches fare. */
function badge(element: SVGGElement, text: string): void {
  const known = element.querySelector<SVGTextElement>("text.badge");
  if (text === "") {
    known?.remove();
    return;
  }
  const shown = known ?? element.appendChild(document.createElementNS(SVG, "text"));
  if (!known) {
    const label = element.querySelector("text");
    const shape = element.querySelector<SVGGraphicsElement>("polygon, ellipse, path")?.getBBox();
    shown.setAttribute("class", "badge");
    shown.setAttribute("text-anchor", "middle");
    shown.setAttribute("x", label?.getAttribute("x") ?? "0");
    shown.setAttribute("y", String(shape ? shape.y + shape.height + 9 : 0));
  }
  if (shown.textContent !== text) shown.textContent = text;
}

function countsInWords({ done, running, failed }: NonNullable<NodeAt["counts"]>): string {
  return [done && `${done} done`, running && `${running} running`, failed && `${failed} failed`]
    .filter(Boolean)
    .join(", ");
}

function countsInSigns({ done, running, failed }: NonNullable<NodeAt["counts"]>): string {
  return [done && `✓${done}`, running && `▸${running}`, failed && `✕${failed}`].filter(Boolean).join(" ");
}
