import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import { Failed } from "../parts/empty.tsx";
import { cleanSvg } from "./clean-svg.ts";
import { layOut } from "./lay-out.ts";

interface DrawingProps {
  readonly dot: string;
  readonly label: string;
  /** Called with the drawing after it is there, and again whenever this changes: colours it. */
  readonly paint?: (svg: SVGSVGElement) => void;
  /** A node was clicked or entered; undefined: the space between. Named by what Graphviz has as its title. */
  readonly onPick?: (node: string | undefined) => void;
}

interface Place {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

const SCALE = { least: 0.05, most: 4, fitMost: 1.3 } as const;

/** A drawing of Graphviz that is moved by dragging, and made larger and smaller with the wheel. */
export function Drawing({ dot, label, paint, onPick }: DrawingProps) {
  const frame = useRef<HTMLDivElement>(null);
  const [svg, setSvg] = useState<SVGSVGElement>();
  const [failure, setFailure] = useState<unknown>();
  const { place, showAll, move } = usePlace(frame);
  useEffect(() => {
    let isLeft = false;
    layOut(dot).then(
      (text) => {
        if (isLeft) return;
        setSvg(cleanSvg(text));
        setFailure(undefined);
      },
      (thrown: unknown) => !isLeft && setFailure(thrown),
    );
    return () => {
      isLeft = true;
    };
  }, [dot]);
  useLayoutEffect(() => {
    const holder = frame.current?.querySelector(".drawing-sheet");
    if (!svg || !holder) return;
    svg.setAttribute("role", "group");
    svg.setAttribute("aria-label", label);
    holder.replaceChildren(svg);
    showAll();
  }, [svg, label, showAll]);
  useLayoutEffect(() => {
    if (svg) paint?.(svg);
  }, [svg, paint]);
  const drag = useDragAndWheel(frame, move);
  if (failure !== undefined && !svg) return <Failed failure={failure} />;
  const zoom = (by: number) => move((old) => zoomed(old, by, centreOf(frame.current)));
  const pick = (target: EventTarget) => onPick?.(nodeOf(target as Element));
  return (
    <div className="drawing">
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the nodes in it are what is pressed, and have roles of their own */}
      <div
        ref={frame}
        className="drawing-frame"
        {...drag.handlers}
        onClick={(event) => !drag.wasDragged() && pick(event.target)}
        onKeyDown={(event) => (event.key === "Enter" || event.key === " ") && pick(event.target)}
      >
        <div
          className="drawing-sheet"
          style={{ transform: `translate(${place.x}px, ${place.y}px) scale(${place.scale})` }}
        />
        {!svg && <p className="muted pad">Drawing…</p>}
      </div>
      <div className="drawing-tools">
        <button type="button" className="icon" aria-label="Larger" onClick={() => zoom(1.25)}>
          +
        </button>
        <button type="button" className="icon" aria-label="Smaller" onClick={() => zoom(0.8)}>
          −
        </button>
        <button type="button" className="icon" aria-label="Fit" title="Fit" onClick={showAll}>
          ⤢
        </button>
      </div>
    </div>
  );
}

/** Where the drawing is: all of it in sight, until somebody has moved it. */
function usePlace(frame: React.RefObject<HTMLDivElement | null>) {
  const [place, setPlace] = useState<Place>({ x: 0, y: 0, scale: 1 });
  const isMoved = useRef(false);
  const showAll = useCallback(() => {
    isMoved.current = false;
    setPlace(placeToFit(frame.current));
  }, [frame]);
  const move = useCallback((change: (old: Place) => Place) => {
    isMoved.current = true;
    setPlace(change);
  }, []);
  useEffect(() => {
    const box = frame.current;
    if (!box) return undefined;
    // The room changes with panels and banners; who has found a place for it keeps that.
    const observer = new ResizeObserver(() => isMoved.current || setPlace(placeToFit(box)));
    observer.observe(box);
    return () => observer.disconnect();
  }, [frame]);
  return { place, showAll, move };
}

function nodeOf(target: Element): string | undefined {
  const node = target.closest("g.node");
  return node?.getAttribute("data-name") ?? node?.querySelector("title")?.textContent ?? undefined;
}

function placeToFit(frame: HTMLDivElement | null): Place {
  const svg = frame?.querySelector("svg");
  const box = svg?.viewBox.baseVal;
  if (!frame || !svg || !box || box.width === 0) return { x: 0, y: 0, scale: 1 };
  // Points of Graphviz are taken as pixels: its own width is in pt.
  svg.setAttribute("width", String(box.width));
  svg.setAttribute("height", String(box.height));
  const scale = Math.min(SCALE.fitMost, (frame.clientWidth - 24) / box.width, (frame.clientHeight - 24) / box.height);
  return { scale, x: (frame.clientWidth - box.width * scale) / 2, y: (frame.clientHeight - box.height * scale) / 2 };
}

function centreOf(frame: HTMLDivElement | null): { readonly x: number; readonly y: number } {
  return { x: (frame?.clientWidth ?? 0) / 2, y: (frame?.clientHeight ?? 0) / 2 };
}

function zoomed(old: Place, by: number, { x, y }: { readonly x: number; readonly y: number }): Place {
  const scale = Math.min(SCALE.most, Math.max(SCALE.least, old.scale * by));
  const grown = scale / old.scale;
  return { scale, x: x - (x - old.x) * grown, y: y - (y - old.y) * grown };
}

type SetPlace = (change: (old: Place) => Place) => void;

/** A press that moves is a drag, and no click. */
function useDragAndWheel(frame: React.RefObject<HTMLDivElement | null>, setPlace: SetPlace) {
  const moved = useRef({ isDown: false, by: 0 });
  useEffect(() => {
    const box = frame.current;
    if (!box) return undefined;
    // React's own wheel handlers are passive and cannot keep the page from scrolling.
    const onWheel = (event: WheelEvent) => {
      event.preventDefault();
      const { left, top } = box.getBoundingClientRect();
      const at = { x: event.clientX - left, y: event.clientY - top };
      setPlace((old) => zoomed(old, Math.exp(-event.deltaY / 400), at));
    };
    box.addEventListener("wheel", onWheel, { passive: false });
    return () => box.removeEventListener("wheel", onWheel);
  }, [frame, setPlace]);
  return {
    wasDragged: () => moved.current.by > 4,
    handlers: {
      onPointerDown: () => {
        moved.current = { isDown: true, by: 0 };
      },
      onPointerMove: (event: React.PointerEvent) => {
        if (!moved.current.isDown || event.buttons === 0) return;
        moved.current.by += Math.abs(event.movementX) + Math.abs(event.movementY);
        if (moved.current.by > 4) event.currentTarget.setPointerCapture(event.pointerId);
        setPlace((old) => ({ ...old, x: old.x + event.movementX, y: old.y + event.movementY }));
      },
      onPointerUp: () => {
        moved.current.isDown = false;
      },
    },
  };
}
