/**
 * A drawing as elements of this page. A pipeline's text may ask Graphviz for links, images and scripts: only shapes and
 * texts get through, and of their attributes only those that say how they look.
 */
const ELEMENTS = new Set([
  "svg",
  "g",
  "polygon",
  "polyline",
  "path",
  "ellipse",
  "circle",
  "text",
  "title",
  "rect",
  "line",
]);
const ATTRIBUTES = new Set(
  (
    "width height viewBox id class transform points d cx cy rx ry r x y x1 y1 x2 y2 text-anchor " +
    "font-family font-size font-weight fill stroke stroke-width stroke-dasharray fill-opacity stroke-opacity"
  ).split(" "),
);

export function cleanSvg(text: string): SVGSVGElement {
  const parsed = new DOMParser().parseFromString(text, "image/svg+xml");
  const svg = document.importNode(parsed.documentElement, true) as unknown as SVGSVGElement;
  for (const element of [...svg.querySelectorAll("*")]) clean(element);
  clean(svg);
  return svg;
}

function clean(element: Element): void {
  if (element.localName === "a") {
    // What a link holds is drawn; where it leads is not.
    element.replaceWith(...element.childNodes);
    return;
  }
  if (!ELEMENTS.has(element.localName)) {
    element.remove();
    return;
  }
  for (const { name } of [...element.attributes]) if (!ATTRIBUTES.has(name)) element.removeAttribute(name);
}
