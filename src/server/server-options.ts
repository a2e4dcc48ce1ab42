import type { Graph } from "../graph/index.ts";
import type { RuntimeOptions } from "../runtime/api.ts";

export interface ServerOptions {
  /**
   * Who asks has to show it: `authorization: Bearer <token>`. Without one the server is for this machine alone. Default:
   * none.
   */
  readonly token?: string;
  /**
   * Host names by which the server may be called, without ports; `*` is any. Default: those of loopback; any where there
   * is a token.
   */
  readonly hosts?: readonly string[];
  /** Pipelines that can be started by name. */
  readonly definitions?: Readonly<Record<string, Graph | string>>;
  /** Node types with handlers of your own, so that `/validate` knows them. */
  readonly types?: readonly string[];
  /** Directory that `@file` in pipelines starts from. Default: the process's. */
  readonly baseDir?: string;
  /** Directory with the files of a dashboard, served where nothing else is. Default: none; of `serve`, the one that comes with us. */
  readonly dashboard?: string;
  /** Once aborted: not ready any more, and event streams end. */
  readonly closing?: AbortSignal;
  readonly log?: NonNullable<RuntimeOptions["log"]>;
  /** Between the comments that keep an event stream open. Ms. Default 15,000. */
  readonly heartbeatMs?: number;
  /** How long a client of a stream may leave what it was sent unread. Ms. Default 60,000. */
  readonly stallMs?: number;
}
