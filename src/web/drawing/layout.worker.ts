/** Graphviz as WebAssembly, away from the page: a large drawing takes seconds. */
import { instance } from "@viz-js/viz";

interface Order {
  readonly id: number;
  readonly dot: string;
}

const graphviz = instance();

self.onmessage = async ({ data: { id, dot } }: MessageEvent<Order>) => {
  try {
    const svg = (await graphviz).renderString(dot, { format: "svg", engine: "dot" });
    self.postMessage({ id, svg });
  } catch (failure) {
    self.postMessage({ id, failure: failure instanceof Error ? failure.message : String(failure) });
  }
};
