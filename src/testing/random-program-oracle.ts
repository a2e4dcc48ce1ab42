/**
 * What a random program comes to: a plain interpreter of its tree by the rules of 03 §4-6, which knows nothing of charts,
 * turns and stores. Where the first to end decide, it is told in which order they ended, and predicts everything else.
 */
import type { JsonValue, Outcome } from "../graph/outcome.ts";
import { type BranchEnd, bestOf, isGood, isRacing, joinStatus, mergeResults } from "./random-program-join.ts";
import { type Facts, type Prediction, type StageExpectation, Undecided } from "./random-program-prediction.ts";
import { OracleScope } from "./random-program-scope.ts";
import type {
  Block,
  DiamondStep,
  ForeachStep,
  GateStep,
  LoopStep,
  ParallelStep,
  Program,
  Step,
  WorkStep,
} from "./random-program-tree.ts";
import { isApproved, type WorkEnd, wayKey, workEnd } from "./random-program-work.ts";

/** Redirects of goal gates within one scope. */
const REDIRECTS_MAX = 5;

/** A place in a scope: which it is, and what has happened in it. */
interface Place {
  readonly path: string;
  readonly scope: OracleScope;
  readonly visits: Map<string, number>;
  /** Of the newest stage that counts. */
  last: { readonly status: string; readonly notes: string | null } | null;
  /** Status of the last visit of its goal gate. */
  gate: string | undefined;
}

/** How a scope ended: the status it carries on, and why it failed where no stage's status says it. */
interface ScopeEnd {
  readonly status: string;
  readonly code?: string;
}

interface Settled {
  readonly stage: string;
  readonly node: string;
  readonly outcome: Outcome;
  readonly attempts: readonly string[];
  readonly isOurs?: boolean;
}

/** `undefined`: it goes on. */
type Stopped = { readonly code: string } | "left" | "sent back" | undefined;

export function predict(program: Program, facts: Facts): Prediction {
  return new Interpreter(program, facts).run();
}

class Interpreter {
  readonly #program: Program;
  readonly #facts: Facts;
  readonly #stages = new Map<string, StageExpectation>();
  readonly #branches = new Set<string>();
  readonly #losers: string[] = [];

  constructor(program: Program, facts: Facts) {
    this.#program = program;
    this.#facts = facts;
  }

  run(): Prediction {
    const place = newPlace("main", new OracleScope());
    const { status, code } = this.#runMain(place);
    return {
      status,
      code,
      context: place.scope.flat(),
      stages: this.#stages,
      losers: this.#losers,
      branches: this.#branches,
    };
  }

  #runMain(place: Place): Pick<Prediction, "status" | "code"> {
    try {
      const { status, code = "stage_failed" } = this.#runScope(place, this.#program.main);
      return status === "fail" ? { status: "failed", code } : { status: "completed", code: "" };
    } catch (error) {
      if (error instanceof Undecided) return { status: "undecided", code: error.message };
      throw error;
    }
  }

  /** What a scope comes to does not follow from the rules where somebody cancelled it. */
  #checkOpen(path: string): void {
    if (this.#facts.cancelled.has(path)) throw new Undecided(path);
  }

  /** A scope's block, again from its beginning while its goal gate is not met. */
  #runScope(place: Place, block: Block): ScopeEnd {
    this.#checkOpen(place.path);
    for (let redirects = 0; ; redirects += 1) {
      const stopped = this.#runBlock(place, block);
      if (stopped === "sent back") {
        if (redirects === REDIRECTS_MAX) return { status: "fail", code: "redirect_limit" };
        continue;
      }
      if (stopped !== undefined && stopped !== "left") return { status: "fail", code: stopped.code };
      const status = place.last?.status ?? "success";
      // A branch asks for its goal before it ends in success, the main path before it ends at all.
      const isAsked = place.path === "main" || status !== "fail";
      if (!isAsked || place.gate === undefined || isMet(place.gate)) return { status };
      if (redirects === REDIRECTS_MAX) return { status: "fail", code: "goal_gate_unmet" };
    }
  }

  #runBlock(place: Place, block: Block): Stopped {
    for (const step of block) {
      const stopped = this.#runStep(place, step);
      if (stopped) return stopped;
    }
    return undefined;
  }

  #runStep(place: Place, step: Step): Stopped {
    switch (step.kind) {
      case "work":
        return this.#runWork(place, step);
      case "wait":
        return this.#endStage(place, step.name, { status: "success" });
      case "diamond":
        this.#call(place, step);
        return place.last?.status === "fail" ? this.#runBlock(place, step.repair) : undefined;
      case "choice": {
        const { status } = this.#call(place, step);
        const way = step.by === "outcome" ? status : place.scope.read(wayKey(step.name));
        return this.#runBlock(place, way === "left" ? step.left : step.right);
      }
      case "cycle":
        while (this.#call(place, step).status === "again") {
          const stopped = this.#runBlock(place, step.body);
          if (stopped) return stopped;
        }
        return undefined;
      case "leave":
        return this.#call(place, step).status === "left" ? "left" : undefined;
      case "gate":
        return this.#runGate(place, step);
      case "parallel":
        return this.#runParallel(place, step);
      case "foreach":
        return this.#runForeach(place, step);
      case "loop":
        return this.#runLoop(place, step);
    }
  }

  #runWork(place: Place, step: WorkStep): Stopped {
    const { status } = this.#call(place, step);
    if (step.goal !== undefined) place.gate = status;
    if (status === "fail" && step.retryTarget !== undefined) return "sent back";
    return failed(status, step.onFail);
  }

  /** Attempts until one is final; its updates are those of the stage. */
  #call(place: Place, step: Extract<Step, { kind: "work" | "diamond" | "choice" | "cycle" | "leave" }>): Outcome {
    const visit = nextVisit(place, step.name);
    const stage = `${place.path}/${step.name}@${visit}`;
    const { attempts: most, allowPartial } = workOf(step);
    const attempts: string[] = [];
    for (let attempt = 1; ; attempt += 1) {
      const read = (key: string) => place.scope.read(key);
      const end = workEnd(step, { seed: this.#program.seed, stage, visit, attempt, read });
      attempts.push("throws" in end ? end.throws : end.outcome.status);
      const isRetried = most > 1 && isRetriable(end);
      if (isRetried && attempt < most) continue;
      const given: Outcome = "throws" in end ? { status: "fail" } : end.outcome;
      const status = isBad(given.status) ? (isRetried && allowPartial ? "partial_success" : "fail") : given.status;
      this.#settle(place, { stage, node: step.name, outcome: { ...given, status }, attempts });
      return { ...given, status };
    }
  }

  #runGate(place: Place, step: GateStep): Stopped {
    const stage = `${place.path}/${step.name}@${(place.visits.get(step.name) ?? 0) + 1}`;
    const isYes = step.deadlineMs === undefined && isApproved(this.#program.seed, stage);
    const [key, label] = isYes ? ["A", "approve"] : ["S", "skip"];
    this.#endStage(place, step.name, {
      status: "success",
      preferredLabel: `[${key}] ${label}`,
      contextUpdates: { "human.gate.selected": key as string, "human.gate.label": label as string },
    });
    return this.#runBlock(place, isYes ? step.approve : step.skip);
  }

  #runParallel(place: Place, step: ParallelStep): Stopped {
    const { stage, node } = this.#enter(place, step.name);
    this.#checkOpen(stage);
    const total = step.branches.length;
    const order =
      isRacing(step) && step.maxParallel > 1 ? this.#orderOf(stage) : step.branches.map((_, index) => index);
    const ends: BranchEnd[] = [];
    let status: string | undefined;
    for (const index of order) {
      if (status !== undefined) break;
      const block = step.branches[index] ?? [];
      const isShared = step.branches.filter((other) => other === block).length > 1;
      ends.push(this.#runBranch(place, { stage, block, index, isShared }));
      status = joinStatus(
        step,
        total,
        ends.map((end) => end.status),
      );
    }
    if (status === undefined) throw new Undecided(stage);
    this.#lose(stage, total, ends);
    const results = ends
      .filter((end) => step.errorPolicy !== "ignore" || isGood(end.status))
      .toSorted((a, b) => a.index - b.index);
    const merged = mergeResults(step, results, status === "fail");
    if (merged.conflicts.length > 0) status = "fail";
    const shown = results as unknown as JsonValue;
    const updates = { ...merged.updates, "parallel.results": shown, [`parallel.${node}.results`]: shown };
    this.#removeStale(place, `parallel.${node}.`);
    this.#settle(place, { stage, node, outcome: { status, contextUpdates: updates }, attempts: [] });
    if (status === "fail") return step.repair ? this.#runWork(place, step.repair) : { code: "stage_failed" };
    if (step.fanIn !== undefined) this.#runFanIn(place, step.fanIn, results);
    return step.join ? this.#runWork(place, step.join) : undefined;
  }

  /** There is one that has not failed: else the join had. */
  #runFanIn(place: Place, fanIn: string, results: readonly BranchEnd[]): void {
    const { id = "", context = {} } = bestOf(results) ?? {};
    const outcome = { status: "success", contextUpdates: { ...context, "parallel.winner": id } };
    this.#settle(place, { ...this.#enter(place, fanIn), outcome, attempts: ["success"], isOurs: true });
  }

  #runBranch(place: Place, branch: { stage: string; block: Block; index: number; isShared: boolean }): BranchEnd {
    const { stage, block, index } = branch;
    const inner = newPlace(`${stage}/${index}`, new OracleScope(place.scope));
    const { status } = this.#runScope(inner, block);
    this.#branches.add(inner.path);
    const { last, scope } = inner;
    const id = branch.isShared ? `${block[0]?.name}.${index}` : (block[0]?.name ?? "");
    return { id, index, status, notes: last?.notes ?? null, outcome: last?.status ?? null, context: scope.changed() };
  }

  #runForeach(place: Place, step: ForeachStep): Stopped {
    const { stage, node } = this.#enter(place, step.name);
    this.#checkOpen(stage);
    if (step.itemsFrom === "missing") {
      this.#settle(place, { stage, node, outcome: { status: "fail" }, attempts: [] });
      return failed("fail", step.onFail);
    }
    const total = step.items.length;
    const isRace = step.onItemFailure === "stop" && step.maxParallel > 1 && total > 0;
    const order = isRace ? this.#orderOf(stage) : step.items.map((_, index) => index);
    const ends: { index: number; status: string; notes: string | null; value: JsonValue }[] = [];
    let isStopped = false;
    for (const index of order) {
      if (isStopped) break;
      const end = this.#runIteration(place, { stage, step, index });
      ends.push(end);
      isStopped = step.onItemFailure === "stop" && !isGood(end.status);
    }
    if (!isStopped && ends.length < total) throw new Undecided(stage);
    this.#lose(stage, total, ends);
    const good = ends.filter((end) => isGood(end.status)).length;
    const status = isStopped ? "fail" : good === total ? "success" : good > 0 ? "partial_success" : "fail";
    const results = ends.toSorted((a, b) => a.index - b.index);
    const contextUpdates = { [`foreach.${node}.results`]: results as unknown as JsonValue };
    this.#settle(place, { stage, node, outcome: { status, contextUpdates }, attempts: [] });
    return failed(status, step.onFail);
  }

  #runIteration(place: Place, { stage, step, index }: { stage: string; step: ForeachStep; index: number }) {
    const scope = new OracleScope(place.scope);
    scope.set("work.item", step.items[index]);
    scope.set("work.index", index);
    scope.set("work.count", step.items.length);
    const inner = newPlace(`${stage}/${index}`, scope);
    const { status } = this.#runScope(inner, step.body);
    this.#branches.add(inner.path);
    const value = step.collect === undefined ? null : (scope.changed()[step.collect] ?? null);
    return { index, status, notes: inner.last?.notes ?? null, value };
  }

  #runLoop(place: Place, step: LoopStep): Stopped {
    const { stage, node } = this.#enter(place, step.name);
    this.#checkOpen(stage);
    const { how, key, goal } = step.test;
    let status = "success";
    for (let index = 0; ; index += 1) {
      const reached = Number(place.scope.read(key) ?? 0);
      if (how === "while" ? reached === goal : index > 0 && reached >= goal) break;
      if (index === step.maxIterations) {
        status = step.onLimit === "succeed" ? "success" : "fail";
        break;
      }
      const scope = new OracleScope(place.scope);
      scope.set("work.index", index);
      const inner = newPlace(`${stage}/${index}`, scope);
      const end = this.#runScope(inner, step.body);
      this.#branches.add(inner.path);
      if (!isGood(end.status)) {
        status = "fail";
        break;
      }
      scope.copyUp();
    }
    this.#settle(place, { stage, node, outcome: { status }, attempts: [] });
    return failed(status, step.onFail);
  }

  #orderOf(activation: string): readonly number[] {
    const order = this.#facts.endsOf(activation);
    if (!order) throw new Undecided(activation);
    return order;
  }

  #lose(stage: string, total: number, ends: readonly { readonly index: number }[]): void {
    const counted = new Set(ends.map(({ index }) => index));
    for (let index = 0; index < total; index += 1) if (!counted.has(index)) this.#losers.push(`${stage}/${index}`);
  }

  /** An activation replaces what the one before it left. */
  #removeStale(place: Place, prefix: string): void {
    for (const key of Object.keys(place.scope.flat())) if (key.startsWith(prefix)) place.scope.set(key, undefined);
  }

  #enter(place: Place, node: string): { readonly stage: string; readonly node: string } {
    return { stage: `${place.path}/${node}@${nextVisit(place, node)}`, node };
  }

  #endStage(place: Place, node: string, outcome: Outcome): undefined {
    this.#settle(place, { ...this.#enter(place, node), outcome, attempts: [] });
  }

  #settle(place: Place, end: Settled): void {
    const { stage, node, outcome, attempts, isOurs = false } = end;
    const { scope } = place;
    for (const [key, value] of Object.entries(outcome.contextUpdates ?? {})) scope.set(key, value);
    scope.set("outcome", outcome.status);
    scope.set("last_stage", node);
    scope.set("preferred_label", outcome.preferredLabel);
    place.last = { status: outcome.status, notes: outcome.notes ?? null };
    this.#stages.set(stage, { status: outcome.status, attempts, isOurs });
  }
}

function newPlace(path: string, scope: OracleScope): Place {
  return { path, scope, visits: new Map(), last: null, gate: undefined };
}

function nextVisit({ visits }: Place, node: string): number {
  const visit = (visits.get(node) ?? 0) + 1;
  visits.set(node, visit);
  return visit;
}

function workOf(step: Extract<Step, { kind: "work" | "diamond" | "choice" | "cycle" | "leave" }>): {
  readonly attempts: number;
  readonly allowPartial: boolean;
} {
  return step.kind === "work" || step.kind === "diamond"
    ? (step as WorkStep | DiamondStep).work
    : { attempts: 1, allowPartial: false };
}

/** Of a node that sets `max_retries`. */
function isRetriable(end: WorkEnd): boolean {
  return "throws" in end ? end.throws !== "terminal" : isBad(end.outcome.status);
}

/** For goal gates. */
function isMet(status: string): boolean {
  return !isBad(status) && status !== "skipped";
}

function isBad(status: string): boolean {
  return status === "fail" || status === "retry";
}

function failed(status: string, onFail: "ends" | "goes_on"): Stopped {
  return status === "fail" && onFail === "ends" ? { code: "stage_failed" } : undefined;
}
