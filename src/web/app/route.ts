/** Where the page is: kept in the hash, since every other path is the API's. `#/runs/r1/timeline?at=12`. */
import { useSyncExternalStore } from "react";

export interface Route {
  readonly page: "runs" | "run" | "questions" | "start" | "unknown";
  readonly runId: string;
  readonly tab: string;
  readonly query: URLSearchParams;
}

function read(hash: string): Route {
  const [path = "", search = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const [first = "", second, third = ""] = path.split("/").map(decode);
  const query = new URLSearchParams(search);
  if (first === "runs" && second) return { page: "run", runId: second, tab: third, query };
  const page =
    first === "" || first === "runs" ? "runs" : first === "questions" || first === "start" ? first : "unknown";
  return { page, runId: "", tab: "", query };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

let current = { hash: "\0", route: read("") };

function snapshot(): Route {
  if (current.hash !== location.hash) current = { hash: location.hash, route: read(location.hash) };
  return current.route;
}

function subscribe(listener: () => void): () => void {
  window.addEventListener("hashchange", listener);
  return () => window.removeEventListener("hashchange", listener);
}

export function useRoute(): Route {
  return useSyncExternalStore(subscribe, snapshot);
}

export function runHref(runId: string, tab = "", query: Readonly<Record<string, string>> = {}): string {
  const search = new URLSearchParams(query).toString();
  const path = `#/runs/${encodeURIComponent(runId)}${tab === "" ? "" : `/${tab}`}`;
  return search === "" ? path : `${path}?${search}`;
}

export function navigate(hash: string): void {
  location.hash = hash;
}

/** Changes parts of the query; undefined takes one away. Leaves no step in the browser's history. */
export function setQuery(changes: Readonly<Record<string, string | undefined>>): void {
  const { query } = snapshot();
  const next = new URLSearchParams(query);
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined || value === "") next.delete(name);
    else next.set(name, value);
  }
  const [path] = location.hash.split("?", 1);
  const search = next.toString();
  const hash = search === "" ? (path ?? "") : `${path === "" ? "#/" : path}?${search}`;
  if (hash === location.hash) return;
  history.replaceState(null, "", hash === "" ? "#/" : hash);
  window.dispatchEvent(new HashChangeEvent("hashchange"));
}
