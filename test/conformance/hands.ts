/** The work of the pipelines played here: each node does what the scenario says of it, and holds until it is let go. */
import type { HandlerInput, HandlerResult } from "../../src/actors/handler.ts";

/** A call that goes on until the scenario ends it. */
export interface Call {
  readonly input: HandlerInput;
  end(status?: string): void;
}

type Deed = (input: HandlerInput) => HandlerResult | Promise<HandlerResult>;

const SUCCESS: HandlerResult = { status: "success" };
const CURRENT = Symbol.for("safepoint.test.conformance.hands");

export class Hands {
  readonly #deeds = new Map<string, Deed>();
  readonly #open = new Set<Call>();
  readonly #waiting = new Set<() => void>();

  /** Nodes of the type `step` do as these are told from now on: a module that is loaded elsewhere finds them too. */
  constructor() {
    (globalThis as { [CURRENT]?: Hands })[CURRENT] = this;
  }

  /** What a node does; the others succeed. */
  on(node: string, deed: Deed): this {
    this.#deeds.set(node, deed);
    return this;
  }

  /** These go on until they are ended or cut; `stubborn` ones are not cut. */
  hold(nodes: readonly string[], { stubborn = false } = {}): this {
    for (const node of nodes) this.on(node, (input) => this.#held(input, stubborn));
    return this;
  }

  /** The open call of a stage, by its address or the end of it; waits for it. */
  async call(stage: string): Promise<Call> {
    for (;;) {
      for (const call of this.#open) if (call.input.stage.endsWith(stage)) return call;
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  /** Ends what goes on; nothing holds any more. */
  release(): void {
    this.#deeds.clear();
    for (const call of this.#open) call.end();
  }

  work(input: HandlerInput): HandlerResult | Promise<HandlerResult> {
    return this.#deeds.get(input.node.id)?.(input) ?? SUCCESS;
  }

  #held(input: HandlerInput, stubborn: boolean): Promise<HandlerResult> {
    return new Promise((resolve, reject) => {
      const call: Call = {
        input,
        end: (status = "success") => {
          this.#open.delete(call);
          resolve({ status });
        },
      };
      this.#open.add(call);
      for (const wake of this.#waiting) wake();
      this.#waiting.clear();
      input.signal.addEventListener("abort", () => {
        if (stubborn) return;
        this.#open.delete(call);
        reject(input.signal.reason);
      });
    });
  }
}

function current(): Hands | undefined {
  return (globalThis as { [CURRENT]?: Hands })[CURRENT];
}

/** For `--handlers`, and for runtimes. */
export const handlers = {
  step: (input: HandlerInput) => current()?.work(input) ?? SUCCESS,
};
