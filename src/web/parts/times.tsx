import { useEffect, useState } from "react";

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

/** `840 ms`, `12.4 s`, `3 m 20 s`, `2 h 5 m`, `4 d`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes} m ${Math.floor((ms % 60_000) / 1_000)} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} m` : `${Math.floor(hours / 24)} d`;
}

export function clockTime(at: string | number): string {
  return clock.format(new Date(at));
}

export function fullTime(at: string | number): string {
  return day.format(new Date(at));
}

/** Renders again now and then, so that what is told in relation to now stays true. */
export function useNow(everyMs = 1_000, isRunning = true): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!isRunning) return undefined;
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs, isRunning]);
  return now;
}

/** How long ago, with the exact time as its title. */
export function Ago({ at, now }: { readonly at: string; readonly now: number }) {
  const ms = now - Date.parse(at);
  return (
    <time dateTime={at} title={fullTime(at)}>
      {ms < 5_000 ? "just now" : `${duration(ms)} ago`}
    </time>
  );
}
