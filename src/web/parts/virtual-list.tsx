import { type ReactNode, useLayoutEffect, useRef, useState } from "react";

interface VirtualListProps {
  readonly count: number;
  /** Px; all rows are as high. */
  readonly rowHeight: number;
  readonly label: string;
  readonly row: (index: number) => ReactNode;
  /** Stays at the end while rows are added, until somebody scrolls up. */
  readonly follow?: boolean;
  /** Scrolled to when it changes. */
  readonly shown?: number | undefined;
  readonly className?: string;
  readonly header?: ReactNode;
}

const OVERSCAN = 8;
/** Browsers draw nothing beyond about this height: rows are then squeezed into it. */
const HEIGHT_MAX = 15_000_000;

/** A long list of which only the visible rows are in the page. */
export function VirtualList(props: VirtualListProps) {
  const { count, rowHeight, label, row, follow = false, shown, className = "", header } = props;
  const ref = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  const follows = useRef(follow);
  follows.current = follow;
  const [view, setView] = useState({ top: 0, height: 600 });
  const height = Math.min(count * rowHeight, HEIGHT_MAX);
  useLayoutEffect(() => {
    const box = ref.current;
    if (!box) return undefined;
    const measure = () => {
      // A box that has become lower shows less of the end.
      if (follows.current && isAtEnd.current) box.scrollTop = box.scrollHeight;
      setView({ top: box.scrollTop, height: box.clientHeight });
    };
    const observer = new ResizeObserver(measure);
    observer.observe(box);
    measure();
    return () => observer.disconnect();
  }, []);
  useLayoutEffect(() => {
    const box = ref.current;
    if (box && follow && isAtEnd.current && count > 0) box.scrollTop = box.scrollHeight;
  }, [count, follow]);
  useLayoutEffect(() => {
    const box = ref.current;
    if (!box || shown === undefined || shown < 0) return;
    const top = shown * rowHeight;
    if (top < box.scrollTop || top > box.scrollTop + box.clientHeight - 2 * rowHeight)
      box.scrollTop = top - box.clientHeight / 3;
  }, [shown, rowHeight]);
  const first = Math.max(0, Math.floor(view.top / rowHeight) - OVERSCAN);
  const last = Math.min(count, Math.ceil((view.top + view.height) / rowHeight) + OVERSCAN);
  return (
    <section
      ref={ref}
      className={`virtual ${className}`}
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached with the keyboard too
      tabIndex={0}
      onScroll={(event) => {
        const box = event.currentTarget;
        // Rows may have been added since it was scrolled to the end: it has left the end only if it went up.
        const hasGoneUp = box.scrollTop < view.top;
        const isThere = box.scrollTop + box.clientHeight >= box.scrollHeight - rowHeight;
        isAtEnd.current = isThere || (isAtEnd.current && !hasGoneUp);
        setView({ top: box.scrollTop, height: box.clientHeight });
      }}
    >
      {header}
      <div className="virtual-rows" style={{ height }}>
        <div style={{ transform: `translateY(${first * rowHeight}px)` }}>
          {Array.from({ length: Math.max(0, last - first) }, (_, offset) => row(first + offset))}
        </div>
      </div>
    </section>
  );
}
