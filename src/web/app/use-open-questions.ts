import { useEffect, useSyncExternalStore } from "react";
import type { Question } from "../api/answers.ts";
import { get } from "../api/client.ts";
import { onStoreEvents } from "./store-events.ts";

let questions: readonly Question[] = [];
const listeners = new Set<() => void>();
let isWatching = false;

/** Asks again for what is open, in all runs. */
export async function refreshQuestions(): Promise<void> {
  try {
    questions = (await get<{ questions: readonly Question[] }>("/questions")).questions;
    for (const listener of listeners) listener();
  } catch {
    // The connection says that the server is away; what was open is shown until it is back.
  }
}

/** Open questions of all runs, kept up to date. */
export function useOpenQuestions(): readonly Question[] {
  useEffect(() => {
    if (isWatching) return;
    isWatching = true;
    void refreshQuestions();
    onStoreEvents((happened) => {
      if (happened.questions) void refreshQuestions();
    });
  }, []);
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => questions,
  );
}
