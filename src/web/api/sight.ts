/**
 * Whether somebody sees the page. A browser has about six connections to one server for all its tabs together, and an event
 * stream keeps one for itself: a tab in the background lets go of its own, or the commands of the one in front wait for ever.
 */

/** Looking somewhere else for a moment costs no new connection. */
const GRACE_MS = 2_000;

export function isSeen(): boolean {
  return document.visibilityState === "visible";
}

/** Begins to read when the page is seen, and aborts when it has been hidden for a while; whether that was why it ended. */
export async function whileSeen(
  leaving: AbortSignal,
  read: (signal: AbortSignal) => Promise<unknown>,
): Promise<boolean> {
  await untilSeen(leaving);
  if (leaving.aborted) return false;
  const hiding = new AbortController();
  let grace: ReturnType<typeof setTimeout> | undefined;
  const look = () => {
    clearTimeout(grace);
    if (!isSeen()) grace = setTimeout(() => hiding.abort(), GRACE_MS);
  };
  document.addEventListener("visibilitychange", look);
  try {
    await read(AbortSignal.any([leaving, hiding.signal]));
  } finally {
    document.removeEventListener("visibilitychange", look);
    clearTimeout(grace);
  }
  return hiding.signal.aborted;
}

function untilSeen(leaving: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (!isSeen() && !leaving.aborted) return;
      document.removeEventListener("visibilitychange", look);
      leaving.removeEventListener("abort", look);
      resolve();
    };
    document.addEventListener("visibilitychange", look);
    leaving.addEventListener("abort", look);
    look();
  });
}
