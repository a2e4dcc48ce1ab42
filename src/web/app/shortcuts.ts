/** Keys of the page. What has a key says so here, and the help sheet lists what is in force. */
import { useEffect, useRef, useSyncExternalStore } from "react";

export interface Shortcut {
  /** As `KeyboardEvent.key`, or two after one another: `g r`. */
  readonly keys: string;
  readonly does: string;
  readonly run: () => void;
}

const layers: { readonly title: string; readonly shortcuts: readonly Shortcut[] }[] = [];
const listeners = new Set<() => void>();
let snapshot: readonly (typeof layers)[number][] = [];
let first: { readonly key: string; readonly atMs: number } | undefined;
/** Between two keys that belong together. */
const TOGETHER_MS = 900;

/** In force while the component is there. */
export function useShortcuts(title: string, shortcuts: readonly Shortcut[]): void {
  const newest = useRef(shortcuts);
  newest.current = shortcuts;
  useEffect(() => {
    const layer = {
      title,
      get shortcuts() {
        return newest.current;
      },
    };
    layers.push(layer);
    tell();
    return () => {
      layers.splice(layers.indexOf(layer), 1);
      tell();
    };
  }, [title]);
}

export function useShortcutList(): typeof snapshot {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => snapshot,
  );
}

function tell(): void {
  snapshot = [...layers];
  for (const listener of listeners) listener();
}

/** Once, for the whole page. */
export function listenForShortcuts(): void {
  window.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    // Keys in a dialog are the dialog's.
    if (document.querySelector("dialog[open]") && event.key !== "?") return;
    const now = performance.now();
    const pair = first && now - first.atMs < TOGETHER_MS ? `${first.key} ${event.key}` : undefined;
    first = { key: event.key, atMs: now };
    const wanted = find(pair) ?? find(event.key);
    if (!wanted) return;
    event.preventDefault();
    first = undefined;
    wanted.run();
  });
}

function find(keys: string | undefined): Shortcut | undefined {
  if (keys === undefined) return undefined;
  // The newest layer is the nearest to what is looked at.
  return layers
    .toReversed()
    .flatMap((layer) => layer.shortcuts)
    .find((shortcut) => shortcut.keys === keys);
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !["checkbox", "radio", "range", "button"].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable;
}
