import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import { setQuery } from "../app/route.ts";
import { useTheme } from "../app/theme.ts";
import { type ActivationTrack, branchStatusAt, itemInWords } from "../model/tracks.ts";

interface BranchGridProps {
  readonly activation: ActivationTrack;
  readonly count: number;
  readonly seq: number;
  readonly version: number;
  readonly picked: string | undefined;
}

/** Px, with the gap. */
const CELL = 13;
const GAP = 2;

/** Thousands of branches as squares, of which the canvas draws those that can be seen. */
export function BranchGrid({ activation, count, seq, version, picked }: BranchGridProps) {
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const theme = useTheme();
  const [hovered, setHovered] = useState<number>();
  const [size, setSize] = useState({ width: 0, height: 0 });
  const columns = Math.max(1, Math.floor((size.width - GAP) / CELL));
  const rows = Math.ceil(count / columns);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const measure = () => setSize({ width: element.clientWidth, height: element.clientHeight });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    measure();
    return () => observer.disconnect();
  }, []);
  const draw = useCallback(() => {
    if (!box.current || !canvas.current) return;
    const top = box.current.scrollTop;
    drawCells(canvas.current, { activation, count, seq, columns, top, picked, ...size });
  }, [activation, count, seq, columns, picked, size]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the history grows in place; and colours change with the theme
  useEffect(() => {
    const frame = requestAnimationFrame(draw);
    return () => cancelAnimationFrame(frame);
  }, [draw, version, theme]);
  const indexAt = (event: React.MouseEvent): number | undefined => {
    const { left, top } = (canvas.current as HTMLCanvasElement).getBoundingClientRect();
    const column = Math.floor((event.clientX - left - GAP) / CELL);
    const row = Math.floor((event.clientY - top + (box.current?.scrollTop ?? 0)) / CELL);
    const index = row * columns + column;
    return column >= 0 && column < columns && index < count ? index : undefined;
  };
  const told = hovered === undefined ? undefined : tellOf(activation, hovered, seq);
  return (
    <>
      <section
        ref={box}
        className="grid"
        aria-label={`${count} branches as squares`}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached with the keyboard too
        tabIndex={0}
        onScroll={draw}
        data-testid="grid"
      >
        <div style={{ height: rows * CELL + GAP }}>
          <canvas
            ref={canvas}
            role="img"
            aria-label={`${count} branches`}
            onMouseMove={(event) => setHovered(indexAt(event))}
            onMouseLeave={() => setHovered(undefined)}
            onClick={(event) => {
              const index = indexAt(event);
              const branch = index === undefined ? undefined : activation.branches[index];
              setQuery({ branch: branch?.path, in: activation.address });
            }}
          />
        </div>
      </section>
      <p className="muted small clip grid-told">
        {told ?? "Each square is a branch, in order. Point at one to see it, press it to open it."}
      </p>
    </>
  );
}

function tellOf(activation: ActivationTrack, index: number, seq: number): string {
  const branch = activation.branches[index];
  return [`${index}`, branchStatusAt(branch, seq), itemInWords(branch)].filter((part) => part !== "").join(" · ");
}

interface Cells {
  readonly activation: ActivationTrack;
  readonly count: number;
  readonly seq: number;
  readonly columns: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly picked: string | undefined;
}

function drawCells(canvas: HTMLCanvasElement, cells: Cells): void {
  const { activation, count, seq, columns, top, width, height, picked } = cells;
  const pixels = window.devicePixelRatio || 1;
  const wanted = { width: Math.round(width * pixels), height: Math.round(height * pixels) };
  if (canvas.width !== wanted.width || canvas.height !== wanted.height) Object.assign(canvas, wanted);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  if (!context) return;
  context.setTransform(pixels, 0, 0, pixels, 0, 0);
  context.clearRect(0, 0, width, height);
  const colours = coloursOf(canvas);
  const from = Math.floor(top / CELL) * columns;
  const to = Math.min(count, (Math.ceil((top + height) / CELL) + 1) * columns);
  for (let index = from; index < to; index += 1) {
    const branch = activation.branches[index];
    const x = GAP + (index % columns) * CELL;
    const y = GAP + Math.floor(index / columns) * CELL - top;
    context.fillStyle = colours(branchStatusAt(branch, seq));
    context.fillRect(x, y, CELL - GAP, CELL - GAP);
    if (branch === undefined || branch.path !== picked) continue;
    context.strokeStyle = colours("picked");
    context.lineWidth = 2;
    context.strokeRect(x - 1, y - 1, CELL - GAP + 2, CELL - GAP + 2);
  }
}

/** The colours of the theme in force, looked up once a drawing. */
function coloursOf(element: Element): (status: string) => string {
  const style = getComputedStyle(element);
  const known = new Map<string, string>();
  return (status) => {
    const colour = known.get(status) ?? style.getPropertyValue(`--c-${status}`).trim();
    known.set(status, colour);
    return colour;
  };
}
