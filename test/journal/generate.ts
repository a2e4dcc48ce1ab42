/** Journals for property tests: plausible runs from a small program, and garbage that fits the schemas. */
import fc from "fast-check";
import type { z } from "zod";
import { CATALOGUE, type EntryType } from "../../src/journal/catalogue.ts";
import type { JournalEntry } from "../../src/journal/entry.ts";
import { parseEntry } from "../../src/journal/parse-entry.ts";
import { Script } from "./script.ts";

/** What happens at one node. Numbers choose among variants. */
export type Step =
  | { readonly kind: "work"; readonly retries: number; readonly crashes: number; readonly status: string }
  | { readonly kind: "gate"; readonly deadline: boolean }
  | { readonly kind: "route" }
  | { readonly kind: "parallel"; readonly branches: readonly (readonly Step[])[]; readonly failing: readonly boolean[] }
  | { readonly kind: "foreach"; readonly items: number; readonly maxParallel: number; readonly body: readonly Step[] }
  | { readonly kind: "loop"; readonly rounds: number; readonly body: readonly Step[] };

export interface Program {
  readonly steps: readonly Step[];
  /** At the n-th turn: nothing, a pause that is continued, a pause that is withdrawn, or a crash with a resume. */
  readonly weather: readonly ("calm" | "pause" | "withdraw" | "crash")[];
  readonly end: "completed" | "failed" | "cancelled" | "open";
}

const work: fc.Arbitrary<Step> = fc.record({
  kind: fc.constant("work" as const),
  retries: fc.nat(2),
  crashes: fc.nat(2),
  status: fc.constantFrom("success", "partial_success", "shipped", "fail", "skipped"),
});

const steps = fc.letrec<{ step: Step; steps: readonly Step[] }>((tie) => ({
  step: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    work,
    fc.record({ kind: fc.constant("gate" as const), deadline: fc.boolean() }),
    fc.record({ kind: fc.constant("route" as const) }),
    fc.record({
      kind: fc.constant("parallel" as const),
      branches: fc.array(tie("steps"), { minLength: 1, maxLength: 3 }),
      failing: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
    }),
    fc.record({
      kind: fc.constant("foreach" as const),
      items: fc.nat(4),
      maxParallel: fc.integer({ min: 1, max: 3 }),
      body: tie("steps"),
    }),
    fc.record({ kind: fc.constant("loop" as const), rounds: fc.nat(3), body: tie("steps") }),
  ),
  steps: fc.array(tie("step"), { maxLength: 3 }),
})).steps;

export const program: fc.Arbitrary<Program> = fc.record({
  steps,
  weather: fc.array(fc.constantFrom("calm", "calm", "calm", "pause", "withdraw", "crash"), { maxLength: 40 }),
  end: fc.constantFrom("completed", "failed", "cancelled", "open"),
});

/** The journal of a program, as a driver would write it. */
export function perform({ steps: main, weather, end }: Program): readonly JournalEntry[] {
  const run = new Performance(weather);
  run.script.begin({ goal: "g" });
  run.walk("main", main);
  run.finish(end);
  return run.script.entries;
}

class Performance {
  readonly script = new Script();
  readonly #weather: Program["weather"];
  readonly #visits = new Map<string, number>();
  #turns = 0;
  #epoch = 0;
  #gates = 0;

  constructor(weather: Program["weather"]) {
    this.#weather = weather;
  }

  walk(branch: string, program: readonly Step[]): void {
    for (const step of program) this.#step(branch, step);
  }

  finish(end: Program["end"]): void {
    const { script } = this;
    const exit = this.#visit("main", "exit");
    script.turn((s) => s.entered(exit, "exit"));
    if (end === "completed") script.turn((s) => s.add("run.completed", { status: "success", exit: "exit" }));
    if (end === "failed") script.turn((s) => s.add("run.failed", { code: "goal_gate_unmet", message: "m" }));
    if (end === "cancelled") {
      script.turn((s) => s.add("run.cancelling", { graceMs: 5 }));
      script.turn((s) => s.add("run.cancelled", { abandoned: [] }));
    }
  }

  #step(branch: string, step: Step): void {
    switch (step.kind) {
      case "work":
        return this.#work(branch, step);
      case "gate":
        return this.#gate(branch, step.deadline);
      case "route":
        return this.#route(branch);
      case "parallel":
        return this.#parallel(branch, step);
      default:
        return this.#container(branch, step);
    }
  }

  #work(branch: string, step: Extract<Step, { kind: "work" }>): void {
    const stage = this.#visit(branch, "work");
    let start = 1;
    this.#turn((s) => s.started(stage));
    for (let crash = 1; crash <= step.crashes; crash += 1) {
      this.#turn((s) => s.interrupted(stage, 1, start, { inARow: crash }));
      start += 1;
      this.#turn((s) => s.started(stage, 1, start));
    }
    let attempt = 1;
    for (; attempt <= step.retries; attempt += 1) {
      this.#turn((s) => s.retry(stage, attempt, attempt === 1 ? start : 1));
      this.#turn((s) => s.started(stage, attempt + 1));
    }
    const lastStart = attempt === 1 ? start : 1;
    const updates = { [`k${this.script.entries.length % 5}`]: attempt };
    this.#turn((s) => {
      if (step.status === "fail") s.failed(stage, attempt, lastStart);
      else if (step.status === "skipped") s.add("stage.skipped", { outcome: { status: "skipped" } }, { branch, stage });
      else s.succeeded(stage, attempt, lastStart, { status: step.status, contextUpdates: updates });
      s.edge(stage, "next", "condition");
    });
  }

  #gate(branch: string, deadline: boolean): void {
    const stage = this.#visit(branch, "ask");
    const gate = `gate-${this.#gates}`;
    this.#gates += 1;
    const timer = `deadline:${stage}`;
    this.#turn((s) => {
      s.entered(stage, "wait.human");
      s.add("gate.opened", { gate, kind: "yes_no", purpose: "gate", text: "?", options: [] }, { branch, stage });
      if (deadline) {
        const actor = `stage:${stage}`;
        s.add("timer.set", { timer, actor, kind: "gate_deadline", clock: "run", dueMs: 9_000 }, { branch, stage });
      }
    });
    this.#turn((s) => {
      s.add("gate.answered", { gate, answer: "yes", by: "ann" }, { branch, stage });
      if (deadline) s.add("timer.cleared", { timer }, { branch, stage });
      s.succeeded(stage).edge(stage, "next", "preferred_label");
    });
  }

  #route(branch: string): void {
    const stage = this.#visit(branch, "check");
    this.#turn((s) => s.entered(stage, "conditional").edge(stage, "next", "condition"));
  }

  #parallel(branch: string, step: Extract<Step, { kind: "parallel" }>): void {
    const activation = this.#visit(branch, "fan");
    const paths = step.branches.map((_, index) => `${activation}/${index}`);
    this.#turn((s) =>
      s.entered(activation, "parallel").add("parallel.started", {
        activation,
        joinRule: "none",
        policy: "wait_all",
        errorPolicy: "continue",
        need: paths.length,
        maxParallel: 4,
        branches: paths.map((path) => ({ path, head: "work" })),
      }),
    );
    let failed = 0;
    step.branches.forEach((body, index) => {
      const path = paths[index]!;
      const data = { activation, index, head: "work", branchRunId: `${path}~${this.#epoch}` };
      this.#turn((s) => s.add("branch.started", data, { branch: path }));
      this.walk(path, body);
      const fails = step.failing[index] === true;
      if (fails) failed += 1;
      const end = fails ? "branch.failed" : "branch.succeeded";
      this.#turn((s) => s.add(end, { status: fails ? "fail" : "success" }, { branch: path }));
    });
    const succeeded = paths.length - failed;
    const decision = failed === 0 ? "success" : succeeded > 0 ? "partial_success" : "fail";
    this.#turn((s) => {
      s.add("join.decided", { activation, decision, policy: "wait_all", succeeded, failed, open: 0, winners: [] });
      const outcome = { status: decision, contextUpdates: { merged: succeeded } };
      const provenance = { merged: { branches: paths, rule: "sum" } };
      s.add("stage.succeeded", { outcome, removed: ["goal", "k1"], provenance }, { branch, stage: activation });
      s.edge(activation, "next");
    });
  }

  #container(branch: string, step: Extract<Step, { kind: "foreach" | "loop" }>): void {
    const { kind } = step;
    const activation = this.#visit(branch, kind);
    const total = kind === "foreach" ? step.items : step.rounds;
    const maxParallel = kind === "foreach" ? step.maxParallel : 1;
    this.#turn((s) => {
      s.entered(activation, kind);
      const size = kind === "foreach" ? { total } : {};
      s.add("container.entered", { activation, kind, maxParallel, ...size }, { branch, stage: activation });
    });
    for (let first = 0; first < total; first += maxParallel) {
      const batch = Array.from({ length: Math.min(maxParallel, total - first) }, (_, offset) => first + offset);
      const given = (index: number) => (kind === "foreach" ? { item: { nth: index }, count: total } : {});
      for (const index of batch) this.#turn((s) => s.add("iteration.started", { activation, index, ...given(index) }));
      // The last that began ends first: ends need not come in order.
      for (const index of batch.reverse()) {
        this.walk(`${activation}/${index}`, step.body);
        this.#turn((s) => s.add("iteration.succeeded", { activation, index, status: "success" }));
      }
    }
    this.#turn((s) => {
      s.add("container.exited", { activation, status: "success", completed: total, failed: 0 });
      s.succeeded(activation).edge(activation, "next");
    });
  }

  #visit(branch: string, node: string): string {
    const key = `${branch}/${node}`;
    const visit = (this.#visits.get(key) ?? 0) + 1;
    this.#visits.set(key, visit);
    return `${key}@${visit}`;
  }

  #turn(write: (script: Script) => void): void {
    const { script } = this;
    script.now += 10;
    const weather = this.#weather[this.#turns] ?? "calm";
    this.#turns += 1;
    if (weather === "crash") {
      this.#epoch += 1;
      script.turn((s) => s.add("run.resumed", { resumeEpoch: this.#epoch, host: "h", pid: 1 }));
    }
    if (weather === "pause" || weather === "withdraw") {
      script.turn((s) => s.pausing([], script.now));
      if (weather === "pause") script.turn((s) => s.add("run.paused", { runTimeMs: script.now }));
      script.turn((s) => s.add("run.continued", { runTimeMs: script.now, pausedMs: 5 }));
    }
    script.turn(write);
  }
}

const words = [
  "main",
  "main/a@1",
  "main/a@2",
  "main/fan@1",
  "main/fan@1/0",
  "main/fan@1/0/b@1",
  "main/each@1",
  "main/each@1/0",
  "main/each@1/0/c@1",
  "main/a@1#1.1",
  "stage:main/a@1",
  "a",
  "exit",
  "cancel",
  "pause",
  "start",
  "__proto__",
  "",
];
const word = fc.constantFrom(...words);

/** Entries whose types, data and columns fit the catalogue and each other in no other way. */
export const garbage: fc.Arbitrary<readonly JournalEntry[]> = fc
  .array(
    fc
      .constantFrom(...(Object.keys(CATALOGUE) as EntryType[]))
      .chain((type) =>
        fc.record(
          { type: fc.constant(type), data: fromSchema(CATALOGUE[type]), branch: word, stage: word, execution: word },
          { requiredKeys: ["type", "data"] },
        ),
      ),
    { maxLength: 40 },
  )
  .map((entries) =>
    entries.map((entry, index) =>
      parseEntry({ runId: "r", seq: index + 1, gseq: index + 1, turn: index + 1, at: index, v: 1, ...entry }),
    ),
  );

/** Values that fit a schema, as far as the catalogue's schemas go. */
function fromSchema(schema: z.core.$ZodType): fc.Arbitrary<unknown> {
  const { def } = (schema as z.ZodType)._zod as unknown as { def: z.core.$ZodTypes["_zod"]["def"] };
  switch (def.type) {
    case "string":
      return word;
    case "number":
      return fc.nat(3);
    case "boolean":
      return fc.boolean();
    case "enum":
      return fc.constantFrom(...Object.values(def.entries));
    case "literal":
      return fc.constantFrom(...def.values);
    case "array":
      return fc.array(fromSchema(def.element), { maxLength: 3 });
    case "optional":
      return fc.option(fromSchema(def.innerType), { nil: undefined }).filter((value) => value !== undefined);
    case "record":
      return fc.dictionary(word, fromSchema(def.valueType), { maxKeys: 3 });
    case "object": {
      const fields = Object.entries(def.shape);
      const requiredKeys = fields.filter(([, field]) => field._zod.def.type !== "optional").map(([key]) => key);
      return fc.record(Object.fromEntries(fields.map(([key, field]) => [key, fromSchema(field)])), { requiredKeys });
    }
    case "unknown":
      return fc.jsonValue();
    default:
      throw new Error(`no values for a schema of type ${def.type}`);
  }
}
