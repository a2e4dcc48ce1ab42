/** Rounds of the event loop without activity after which nothing more follows from what was done. */
const QUIET_ROUNDS = 3;
/** A round that goes on for ever is a program that waits for itself. */
const ROUNDS_MAX = 100_000;

/**
 * Resolves when the event loop has nothing left to do that does not wait for time or for the world: `activity` has not
 * changed for some rounds. Turns hand on their work by microtasks and `setImmediate`, so a few rounds see all of it.
 */
export async function quietEventLoop(activity: () => number = () => 0): Promise<void> {
  let seen = activity();
  let quiet = 0;
  for (let round = 0; quiet < QUIET_ROUNDS; round += 1) {
    if (round > ROUNDS_MAX) throw new Error(`the event loop did not come to rest in ${ROUNDS_MAX} rounds`);
    await new Promise<void>((resolve) => setImmediate(resolve));
    const now = activity();
    quiet = now === seen ? quiet + 1 : 0;
    seen = now;
  }
}
