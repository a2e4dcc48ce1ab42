/** Who wants to know that something was committed. Calls are gathered: many commits of one tick wake a watcher once. */
export class ChangeFeed {
  readonly #watchers = new Set<() => void>();
  #announced = false;

  get isWatched(): boolean {
    return this.#watchers.size > 0;
  }

  add(onChange: () => void): () => void {
    // A function of its own, so that the same callback may watch twice and stop once.
    const watcher = () => onChange();
    this.#watchers.add(watcher);
    return () => {
      this.#watchers.delete(watcher);
    };
  }

  announce(): void {
    if (this.#announced || this.#watchers.size === 0) return;
    this.#announced = true;
    queueMicrotask(() => {
      this.#announced = false;
      for (const watcher of [...this.#watchers]) if (this.#watchers.has(watcher)) watcher();
    });
  }

  clear(): void {
    this.#watchers.clear();
  }
}
