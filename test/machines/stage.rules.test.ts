import { describe, expect, it } from "vitest";
import { backoffDelayMs } from "../../src/machines/attempt.ts";
import type { Effect, ExecutionEnd, StageEvent } from "../../src/machines/protocol.ts";
import { executionId, type StageInput, stageMachine } from "../../src/machines/stage.machine.ts";
import { begin, type SnapshotOf, step } from "../../src/machines/xstate.ts";
import { stageInput } from "./samples.ts";

type Distribute<T> = T extends unknown ? Omit<T, "atMs" | "runMs" | "baseSeq"> : never;
type Told = Distribute<StageEvent>;

/** A stage that is told things; run time is a hundred ms further on each time. */
class Stage {
  #snapshot: SnapshotOf<typeof stageMachine>;
  #runMs = 4_000;
  effects: readonly Effect[];

  constructor(more: Partial<StageInput> = {}) {
    ({ snapshot: this.#snapshot, effects: this.effects } = begin(stageMachine, stageInput(more)));
  }

  tell(...events: readonly Told[]): this {
    for (const event of events) {
      this.#runMs += 100;
      const stamped = { ...event, atMs: this.#runMs + 1_000, runMs: this.#runMs, baseSeq: 0 } as StageEvent;
      ({ snapshot: this.#snapshot, effects: this.effects } = step(stageMachine, this.#snapshot, stamped));
    }
    return this;
  }

  end(status: string, more: Omit<ExecutionEnd, "outcome"> = {}): this {
    const end = { outcome: { status }, ...more };
    return this.tell({ type: "EXECUTION_ENDED", execution: this.execution, end, outcome: { status } });
  }

  crash(cause: "crash" | "foreign_host" = "crash"): this {
    return this.tell({ type: "EXECUTION_LOST", execution: this.execution, cause });
  }

  answer(choice: string, status = "success", gate = `${this.execution}:interrupted`): this {
    return this.tell({ type: "ANSWER", gate, choice, by: "ada", answer: choice, outcome: { status } });
  }

  get execution(): string {
    return executionId(this.#snapshot.context);
  }

  get place(): string {
    const { control, execution } = this.#snapshot.value as { control: string; execution: string };
    return `${control}/${execution}`;
  }

  get entries() {
    return this.effects.flatMap((effect) => (effect.type === "effect.journal" ? [effect.entry] : []));
  }

  get news() {
    return this.effects.flatMap((effect) => (effect.type === "effect.message" ? [effect.event] : []));
  }
}

const pause = { type: "PAUSE", mode: "drain" } as const;
const interrupt = { type: "PAUSE", mode: "interrupt" } as const;
const goOn = { type: "CONTINUE" } as const;

describe("a retry", () => {
  it("waits in run time, with the delay of the policy, and is a new attempt", () => {
    const backoff = { initialMs: 100, factor: 2, maxMs: 1_000, jitter: true };
    const stage = new Stage({ limits: { attempts: 2, backoff, onInterrupt: "retry" } }).end("retry");
    const delayMs = backoffDelayMs(backoff, 1, "r:main/work@1");
    expect(stage.place).toBe("running/backing_off");
    expect(stage.entries).toMatchObject([
      { type: "stage.retry_scheduled", attempt: 1, data: { nextAttempt: 2, delayMs, dueMs: 4_100 + delayMs } },
    ]);
    stage.tell({ type: "TIMER_FIRED", timer: "main/work@1#1:retry" });
    expect(stage.entries.map(({ type, attempt }) => [type, attempt])).toEqual([
      ["timer.fired", undefined],
      ["stage.started", 2],
    ]);
  });

  it("waits as long as the handler asked", () => {
    const thrown = { terminal: false, transient: true, retryAfterMs: 70 };
    const [entry] = new Stage().end("fail", { thrown }).entries;
    expect(entry).toMatchObject({ data: { delayMs: 70, failureClass: "transient" } });
  });

  it("whose back-off is over while paused starts on continue", () => {
    const stage = new Stage().end("retry").tell(pause, { type: "TIMER_FIRED", timer: "main/work@1#1:retry" });
    expect(stage.place).toBe("paused/ready");
    expect(stage.tell(goOn).place).toBe("running/executing");
    expect(stage.execution).toBe("main/work@1#2.1");
  });

  it("that is exhausted ends as partial success where that is allowed, and says from what", () => {
    const stage = new Stage({ limits: { attempts: 1, allowPartial: true, onInterrupt: "retry" } }).end("retry");
    expect(stage.entries).toMatchObject([
      { type: "stage.succeeded", data: { outcome: { status: "partial_success" }, partialFrom: "retry" } },
    ]);
  });

  it("where it is an ordinary word ends the stage with that word, on a pause too", () => {
    const limits = { attempts: 3, retryIsWord: true, onInterrupt: "retry" } as const;
    expect(new Stage({ limits }).end("retry").news).toMatchObject([{ outcome: { status: "retry" } }]);
    expect(new Stage({ limits }).tell(interrupt).end("retry").place).toBe("pausing/succeeded");
  });
});

describe("a time-out", () => {
  it("is in the journal, asks the execution to stop once, and overrides what it says", () => {
    const stage = new Stage({ limits: { attempts: 1, onInterrupt: "retry" }, timeoutMs: 50 });
    const late = { type: "TIME_OUT", execution: "main/work@1#1.1" } as const;
    expect(stage.tell(late).effects.map(({ type }) => type)).toEqual(["effect.journal", "effect.execution.abort"]);
    expect(stage.entries).toMatchObject([{ type: "timer.fired", execution: "main/work@1#1.1" }]);
    expect(stage.tell(late).effects).toEqual([]);
    expect(stage.end("success").entries).toMatchObject([
      {
        type: "stage.failed",
        data: { code: "timeout", failureClass: "transient", outcome: { failureReason: "timed out after 50 ms" } },
      },
    ]);
  });

  it("of another execution is nothing", () => {
    expect(new Stage().tell({ type: "TIME_OUT", execution: "main/work@1#1.9" }).effects).toEqual([]);
  });

  it("after the signal of a pause does not decide: the first reason does", () => {
    const stage = new Stage().tell(interrupt, { type: "TIME_OUT", execution: "main/work@1#1.1" }).end("fail");
    expect(stage.entries).toMatchObject([{ type: "stage.interrupted", data: { cause: "pause" } }]);
  });
});

describe("an interruption", () => {
  it("by a pause uses no retry: the same attempt starts again on continue", () => {
    const stage = new Stage().tell(interrupt).end("fail");
    expect(stage.place).toBe("paused/interrupted");
    expect(stage.tell(goOn).place).toBe("running/executing");
    expect(stage.execution).toBe("main/work@1#1.2");
  });

  it("is told to an execution that drains when the pause becomes an interrupt", () => {
    const stage = new Stage().tell(pause);
    expect(stage.effects).toEqual([]);
    expect(stage.tell({ type: "INTERRUPT", reason: "pause" }).effects).toEqual([
      { type: "effect.execution.abort", execution: "main/work@1#1.1", reason: "pause" },
    ]);
  });

  it("whose pause is withdrawn meanwhile starts again at once", () => {
    const stage = new Stage().tell(interrupt, goOn).end("fail");
    expect(stage.entries.map(({ type }) => type)).toEqual(["stage.interrupted", "stage.started"]);
    expect(stage.execution).toBe("main/work@1#1.2");
  });

  it("by a shutdown waits until the run is taken up again", () => {
    const stage = new Stage().tell({ type: "INTERRUPT", reason: "shutdown" }).end("fail");
    expect(stage.place).toBe("running/interrupted");
    expect(stage.entries).toMatchObject([{ data: { cause: "shutdown", inARow: 0, policy: "retry" } }]);
    expect(stage.tell({ type: "PROCEED" }).execution).toBe("main/work@1#1.2");
  });

  it("that ends well all the same counts", () => {
    expect(new Stage().tell(interrupt).end("success").place).toBe("pausing/succeeded");
  });
});

describe("a crash", () => {
  it.each([
    ["retry", "running/executing", ["stage.interrupted", "stage.started"]],
    ["ask", "running/asking", ["stage.interrupted"]],
    ["fail", "running/failed", ["stage.interrupted", "stage.failed"]],
  ] as const)("with on_interrupt %s leads to %s", (onInterrupt, place, types) => {
    const stage = new Stage({ limits: { attempts: 3, onInterrupt } }).crash();
    expect(stage.place).toBe(place);
    expect(stage.entries.map(({ type }) => type)).toEqual(types);
    expect(stage.entries[0]).toMatchObject({ data: { policy: onInterrupt, cause: "crash", inARow: 1 } });
  });

  it("a third time in a row asks a person; an interruption in between counts anew", () => {
    const stage = new Stage().crash().crash();
    expect(stage.place).toBe("running/executing");
    expect(stage.crash().place).toBe("running/asking");
    expect(stage.entries[0]).toMatchObject({ data: { inARow: 3, policy: "ask" } });
    expect(new Stage().crash().crash().tell(interrupt).end("fail").tell(goOn).crash().place).toBe("running/executing");
  });

  it("of another host's process asks, whatever the policy", () => {
    for (const onInterrupt of ["retry", "ask", "fail"] as const) {
      const stage = new Stage({ limits: { attempts: 1, onInterrupt } }).crash("foreign_host");
      expect(stage.place).toBe("running/asking");
      expect(stage.entries[0]).toMatchObject({ data: { policy: "ask", cause: "foreign_host" } });
    }
  });

  it("while paused is decided on continue, and taking the run up does not settle it", () => {
    const ask = { limits: { attempts: 1, onInterrupt: "ask" as const } };
    const stage = new Stage(ask).tell(pause).crash();
    expect(stage.place).toBe("paused/interrupted");
    expect(stage.tell({ type: "PROCEED" }, goOn).place).toBe("running/asking");
  });

  it.each([
    ["retry", "success", "running/executing"],
    ["done", "shipped", "running/succeeded"],
    ["done", "skipped", "running/skipped"],
    ["fail", "fail", "running/failed"],
    ["fail", "success", "running/failed"],
  ] as const)("answered with %s (%s) leads to %s", (choice, status, place) => {
    const stage = new Stage({ limits: { attempts: 1, onInterrupt: "ask" } }).crash().answer(choice, status);
    expect(stage.place).toBe(place);
  });

  it("of an older execution does not end the open one, also while cancelling", () => {
    const stage = new Stage().crash().tell({ type: "CANCEL" });
    stage.tell({ type: "EXECUTION_LOST", execution: "main/work@1#1.1", cause: "crash" });
    expect(stage.place).toBe("cancelling/executing");
    expect(stage.crash().place).toBe("cancelled/cancelled");
  });
});

describe("a gate", () => {
  const gate = { kind: "gate", type: "wait.human" } as const;
  const id = "main/work@1";

  it.each(["retry", "fail", "done"])(
    "takes an option that is called %s for what it is: the author's word",
    (choice) => {
      const stage = new Stage(gate).answer(choice, "success", id);
      expect(stage.place).toBe("running/succeeded");
      expect(stage.entries.map(({ type }) => type)).toEqual(["gate.answered", "stage.succeeded"]);
    },
  );

  it("that nobody answers in time fails, unless an edge asks for `retry`", () => {
    const late = { type: "ANSWER", gate: id, choice: "", by: "deadline", answer: "", timedOut: true } as const;
    const stage = new Stage(gate).tell({ ...late, outcome: { status: "retry" } });
    expect(stage.place).toBe("running/failed");
    expect(stage.news).toMatchObject([{ outcome: { status: "fail" } }]);
    const word = new Stage({ ...gate, limits: { attempts: 1, retryIsWord: true, onInterrupt: "retry" } });
    expect(word.tell({ ...late, outcome: { status: "retry" } }).news).toMatchObject([{ outcome: { status: "retry" } }]);
  });

  it("answered while paused keeps the answer, and writes down all that acting on it needs", () => {
    const stage = new Stage(gate).tell(pause).answer("O", "success", id);
    expect(stage.place).toBe("paused/answered");
    expect(stage.entries).toMatchObject([
      { type: "gate.answered", data: { gate: id, by: "ada", choice: "O", outcome: { status: "success" } } },
    ]);
    expect(stage.answer("X", "fail", id).effects).toEqual([]);
    expect(stage.tell(goOn).place).toBe("running/succeeded");
  });

  it("of another stage is not its own", () => {
    expect(new Stage(gate).answer("O", "success", "main/other@1").effects).toEqual([]);
  });

  it("that is cancelled is withdrawn", () => {
    const stage = new Stage(gate).tell({ type: "CANCEL" });
    expect(stage.entries.map(({ type }) => type)).toEqual(["gate.withdrawn", "stage.cancelled"]);
  });
});

describe("a wait", () => {
  const wait = { kind: "wait", type: "wait", durationMs: 300 } as const;
  const dueMs = (stage: Stage) =>
    stage.effects.flatMap((effect) => (effect.type === "effect.timer.set" ? [effect.dueMs] : []));

  it("is due in run time from when it begins, which a pause may delay", () => {
    expect(dueMs(new Stage(wait))).toEqual([4_300]);
    const held = new Stage({ ...wait, control: "paused" });
    expect(dueMs(held)).toEqual([]);
    expect(dueMs(held.tell(goOn))).toEqual([4_400]);
  });

  it("ends when its timer fires; held by a pause", () => {
    const fired = { type: "TIMER_FIRED", timer: "main/work@1:wait" } as const;
    expect(new Stage(wait).tell(fired).place).toBe("running/succeeded");
    expect(new Stage(wait).tell(pause, fired).place).toBe("paused/answered");
  });
});

describe("a conditional", () => {
  const conditional = { kind: "instant", type: "conditional" } as const;

  it("carries on what led to it, a failure too, and does not count", () => {
    const carried = { status: "fail", failureReason: "red", preferredLabel: "no" };
    const stage = new Stage({ ...conditional, carried });
    expect(stage.place).toBe("running/succeeded");
    expect(stage.news).toMatchObject([{ type: "STAGE_ENDED", counts: false, outcome: carried }]);
    expect(stage.entries).toMatchObject([
      { type: "stage.entered", data: { kind: "conditional" } },
      { type: "stage.succeeded", data: { kind: "conditional", outcome: { status: "success" } } },
    ]);
  });

  it("entered while paused waits", () => {
    const stage = new Stage({ ...conditional, control: "pausing" });
    expect(stage.place).toBe("paused/ready");
    expect(stage.entries).toEqual([]);
    expect(stage.tell(goOn).place).toBe("running/succeeded");
  });
});
