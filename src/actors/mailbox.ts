/** What waits for a run's driver, oldest first, and how much of it the next turn takes. Source: docs/decisions/0011. */
import { TURN_ENDS_MAX } from "../limits.ts";
import type { CommandResult } from "./commands.ts";
import type { Input } from "./inputs.ts";

export interface Letter {
  readonly input: Input;
  /** Turns of its own that it broke. */
  failures: number;
  /** It was in a turn of several that could not be made: which of them broke it shows when each has its own. */
  isAlone: boolean;
  readonly settle?: Settle;
}

export interface Settle {
  resolve(result: CommandResult | undefined): void;
  reject(error: unknown): void;
}

/** Those of one turn. */
export type Letters = readonly [Letter, ...Letter[]];

export class Mailbox {
  readonly #letters: Letter[] = [];

  get isEmpty(): boolean {
    return this.#letters.length === 0;
  }

  put(input: Input, settle?: Settle): void {
    this.#letters.push({ input, failures: 0, isAlone: false, ...(settle ? { settle } : {}) });
  }

  /** What the next turn takes; it stays here until {@link drop}. An end of an execution takes those right behind it along. */
  head(): Letters {
    const first = this.#letters.slice(0, TURN_ENDS_MAX);
    const beyond = first.findIndex((letter) => !canShare(letter));
    const count = Math.max(beyond < 0 ? first.length : beyond, 1);
    return first.slice(0, count) as [Letter, ...Letter[]];
  }

  /** Whether all that waits shares a turn, which has room for more, with so many executions in flight. */
  hasRoomForEnds(open: number): boolean {
    return this.#letters.length < Math.min(open, TURN_ENDS_MAX) && this.#letters.every(canShare);
  }

  drop(count: number): void {
    this.#letters.splice(0, count);
  }

  empty(): readonly Letter[] {
    return this.#letters.splice(0);
  }
}

/** The input of a turn: that of one letter, or the ends that several bring, one each. */
export function inputOf([first, ...more]: Letters): Input {
  if (more.length === 0) return first.input;
  return {
    kind: "ended",
    reports: [first, ...more].flatMap(({ input }) => (input.kind === "ended" ? input.reports : [])),
  };
}

function canShare({ input, isAlone }: Letter): boolean {
  return input.kind === "ended" && !isAlone;
}
