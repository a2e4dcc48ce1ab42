/** Handlers that are watched at work: which calls were made, which go on, and whether they wait for virtual time. */
import type { Clock, TimerHandle } from "../actors/clock.ts";
import type {
  ExecutionAbort,
  Handler,
  HandlerDefinition,
  HandlerFunction,
  HandlerInput,
  HandlerResult,
} from "../actors/handler.ts";

/** One call of a handler, as it was. */
export interface HandlerCall {
  readonly runId: string;
  readonly execution: string;
  readonly stage: string;
  readonly node: string;
  readonly visit: number;
  readonly attempt: number;
  readonly startedAtMs: number;
  endedAtMs?: number;
  /** Absent while it goes on. `lost`: its process died. */
  end?: "returned" | "threw" | "lost";
  /** Why it was asked to stop, if it was. */
  abort?: ExecutionAbort["reason"];
}

export interface TrackedHandlers<H extends Handler = Handler> {
  readonly handlers: Readonly<Record<string, H>>;
  /** Every call so far, in the order they began. */
  readonly calls: readonly HandlerCall[];
  /** Those that go on. */
  inFlight(): readonly HandlerCall[];
  /** Whether one of them waits for something else than the clock it was given. */
  isBusy(): boolean;
  /** Whether calls for nodes of this type are seen here; those of actor logic are not. */
  sees(type: string): boolean;
  /** The process that drove them died: what goes on is lost. */
  lose(): void;
}

interface Tracked extends HandlerCall {
  /** Timers of the call's own that are set. */
  readonly timers: Set<TimerHandle>;
}

/** The same handlers, watched. Functions are; actor logic is handed on as it is. */
export function trackHandlers<H extends Handler>(handlers: Readonly<Record<string, H>>): TrackedHandlers<H> {
  const calls: Tracked[] = [];
  const inFlight = () => calls.filter(({ end }) => end === undefined);
  const track = (handler: H): H => {
    const work = functionOf(handler);
    if (!work) return handler;
    return typeof handler === "function" ? (watched(work, calls) as H) : { ...handler, handler: watched(work, calls) };
  };
  return {
    handlers: Object.fromEntries(Object.entries(handlers).map(([type, handler]) => [type, track(handler)])),
    calls,
    inFlight,
    isBusy: () => inFlight().some(({ timers }) => timers.size === 0),
    sees: (type) => functionOf(handlers[type]) !== undefined,
    lose() {
      for (const call of inFlight()) call.end = "lost";
    },
  };
}

function functionOf(handler: Handler | undefined): HandlerFunction | undefined {
  const work = typeof handler === "function" ? handler : (handler as Partial<HandlerDefinition> | undefined)?.handler;
  return typeof work === "function" ? work : undefined;
}

function watched(handler: HandlerFunction, calls: Tracked[]): HandlerFunction {
  return async (input): Promise<Awaited<HandlerResult>> => {
    const { clock } = input.host;
    const call = callOf(input);
    calls.push(call);
    const end = (how: "returned" | "threw") => {
      if (call.end === undefined) Object.assign(call, { end: how, endedAtMs: clock.now() });
    };
    input.signal.addEventListener("abort", () => {
      call.abort = (input.signal.reason as ExecutionAbort).reason;
    });
    try {
      const result = await handler({ ...input, host: { ...input.host, clock: countedClock(clock, call.timers) } });
      end("returned");
      return result;
    } catch (error) {
      end("threw");
      throw error;
    }
  };
}

function callOf(input: HandlerInput): Tracked {
  const { runId, execution, stage, visit, attempt, host } = input;
  const startedAtMs = host.clock.now();
  return { runId, execution, stage, node: input.node.id, visit, attempt, startedAtMs, timers: new Set() };
}

/** The same clock; `timers` holds the handles of those that are set. */
function countedClock(clock: Clock, timers: Set<TimerHandle>): Clock {
  return {
    now: () => clock.now(),
    setTimer(callback, delayMs) {
      const handle = clock.setTimer(() => {
        timers.delete(handle);
        callback();
      }, delayMs);
      timers.add(handle);
      return handle;
    },
    clearTimer(handle) {
      timers.delete(handle);
      clock.clearTimer(handle);
    },
  };
}
