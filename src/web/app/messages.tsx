/** Short messages at the edge of the page: what a command came to, and what went wrong. */
import { useSyncExternalStore } from "react";

interface Message {
  readonly id: number;
  readonly tone: "good" | "bad" | "plain";
  readonly text: string;
}

const SHOWN_MS = 6_000;
const SHOWN_MAX = 4;
let messages: readonly Message[] = [];
let newest = 0;
const listeners = new Set<() => void>();

export function say(text: string, tone: Message["tone"] = "plain"): void {
  newest += 1;
  const message = { id: newest, tone, text };
  set([...messages, message].slice(-SHOWN_MAX));
  setTimeout(() => dismiss(message.id), SHOWN_MS);
}

function dismiss(id: number): void {
  set(messages.filter((message) => message.id !== id));
}

function set(next: readonly Message[]): void {
  messages = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function Messages() {
  const shown = useSyncExternalStore(subscribe, () => messages);
  return (
    <output className="messages" aria-live="polite">
      {shown.map(({ id, tone, text }) => (
        <button key={id} type="button" className={`message ${tone}`} title="Dismiss" onClick={() => dismiss(id)}>
          {text}
        </button>
      ))}
    </output>
  );
}
