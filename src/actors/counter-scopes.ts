/** The engine's counters of a branch: scopes of their own, which end with it. Source: docs/decisions/0003. */

/** Visits by node. */
export const visitsScope = (branch: string): string => `@visits:${branch}`;
/** Redirects spent, under `count`. */
export const redirectsScope = (branch: string): string => `@redirects:${branch}`;
/** What the last visit of each goal gate came to, by node. */
export const goalGatesScope = (branch: string): string => `@gates:${branch}`;

export const countersOf = (branch: string): readonly string[] => [
  visitsScope(branch),
  redirectsScope(branch),
  goalGatesScope(branch),
];
