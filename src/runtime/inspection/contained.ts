// Not from "rxjs": see docs/decisions/0010.

import type { Observer, Operator, Subscription } from "rxjs";
import { Observable } from "rxjs/internal/Observable";
import { Subscriber } from "rxjs/internal/Subscriber";

/** Told what a subscriber threw, or an error that it did not want to know. */
export type OnBroken = (failure: unknown) => void;

type Given<T> = Partial<Observer<T>> | ((value: T) => void) | null | undefined;

/**
 * An observable whose subscribers may throw. RxJS throws that once more, where nobody can catch it, and Node ends the
 * process: right for a program, and not for one that somebody only looks at. Holds through operators too.
 */
export class Contained<T> extends Observable<T> {
  readonly #onBroken: OnBroken;

  constructor(onBroken: OnBroken, subscribe?: (subscriber: Subscriber<T>) => (() => void) | void) {
    super(subscribe);
    this.#onBroken = onBroken;
  }

  override lift<R>(operator?: Operator<T, R>): Observable<R> {
    const lifted = new Contained<R>(this.#onBroken);
    lifted.source = this;
    lifted.operator = operator;
    return lifted;
  }

  override subscribe(
    given?: Given<T>,
    error?: ((error: unknown) => void) | null,
    complete?: (() => void) | null,
  ): Subscription {
    // An operator, or what RxJS made of an observer: whoever stands at the end of the chain is contained.
    if (given instanceof Subscriber) return super.subscribe(given);
    const to: Partial<Observer<T>> =
      typeof given === "object" && given !== null
        ? given
        : { ...(given ? { next: given } : {}), ...(error ? { error } : {}), ...(complete ? { complete } : {}) };
    const guarded = (call: () => void) => {
      try {
        call();
      } catch (failure) {
        this.#onBroken(failure);
      }
    };
    return super.subscribe({
      next: (value) => guarded(() => to.next?.(value)),
      error: (failure: unknown) => guarded(() => (to.error ? to.error(failure) : this.#onBroken(failure))),
      complete: () => guarded(() => to.complete?.()),
    });
  }
}
