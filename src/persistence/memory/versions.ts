/** Things that were, and from when to when: what actors, scopes and context keys have in common. */

export interface Life {
  readonly born: number;
  /** Seq of its end; Infinity while it lives. */
  until: number;
}

/** The newest of versions in ascending seq at or before `at`. */
export function newestAt<T extends { readonly seq: number }>(versions: readonly T[], at: number): T | undefined {
  let low = 0;
  let high = versions.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((versions[middle]?.seq ?? Number.POSITIVE_INFINITY) <= at) low = middle + 1;
    else high = middle;
  }
  return versions[low - 1];
}

export function isLiveAt({ born, until }: Life, at: number): boolean {
  return born <= at && until > at;
}
