/** DOT to SVG, in a worker that all drawings of the page share. */
interface Answer {
  readonly id: number;
  readonly svg?: string;
  readonly failure?: string;
}

let worker: Worker | undefined;
let newest = 0;
const waiting = new Map<number, (answer: Answer) => void>();
const KEPT_MAX = 12;
/** A drawing that was made is made: going back and forth between tabs costs nothing. */
const drawn = new Map<string, Promise<string>>();

/** Rejects with what Graphviz says of DOT that it cannot read. */
export function layOut(dot: string): Promise<string> {
  const known = drawn.get(dot);
  if (known) return known;
  const drawing = ask(dot);
  drawn.set(dot, drawing);
  if (drawn.size > KEPT_MAX) drawn.delete(drawn.keys().next().value as string);
  return drawing;
}

function ask(dot: string): Promise<string> {
  worker ??= start();
  newest += 1;
  const id = newest;
  worker.postMessage({ id, dot });
  return new Promise((resolve, reject) => {
    waiting.set(id, ({ svg, failure }) => {
      if (svg === undefined) reject(new Error(failure));
      else resolve(svg);
    });
  });
}

function start(): Worker {
  const started = new Worker(new URL("./layout.worker.ts", import.meta.url), { type: "module" });
  started.onmessage = ({ data }: MessageEvent<Answer>) => {
    waiting.get(data.id)?.(data);
    waiting.delete(data.id);
  };
  started.onerror = () => {
    for (const [id, done] of waiting) done({ id, failure: "Graphviz could not be loaded." });
    waiting.clear();
  };
  return started;
}
