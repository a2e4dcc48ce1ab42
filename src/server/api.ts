/** What the operations are given: the runtime, and what the server keeps beside it. */
import type { Store } from "../persistence/store.ts";
import type { Runtime } from "../runtime/api.ts";
import type { KeptViews } from "../runtime/queries/kept-views.ts";
import type { CensusTaker } from "./metrics/census.ts";
import type { ServerOptions } from "./server-options.ts";
import type { Feeds } from "./sse/feeds.ts";

export interface Api {
  readonly runtime: Runtime;
  readonly store: Store;
  readonly options: ServerOptions;
  readonly feeds: Feeds;
  readonly views: KeptViews;
  readonly census: CensusTaker;
  /** Requests answered, by labels as metrics write them. */
  readonly requests: Map<string, number>;
  /** Keys under which runs were started here, and their ids. */
  readonly runsByKey: Map<string, string>;
  /** Starts under way, by key. */
  readonly startsByKey: Map<string, Promise<unknown>>;
  /** Epoch ms. */
  now(): number;
  /** Once aborted: nothing new is followed, and streams end. */
  readonly closing: AbortSignal;
}
