/** Requests to the server that served this page. */
import type { ControlResult } from "./answers.ts";
import { askForToken, currentToken } from "./token.ts";

/** What the server refused, or that it could not be reached (`unreachable`). */
export class Problem extends Error {
  readonly code: string;
  readonly status: number;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(answer: { detail: string; code: string; status: number; details?: Readonly<Record<string, unknown>> }) {
    super(answer.detail);
    this.name = "Problem";
    this.code = answer.code;
    this.status = answer.status;
    this.details = answer.details ?? {};
  }
}

export type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/** An address of the API: relative to the page, so that the server may be mounted anywhere. */
export function apiUrl(path: string, query: Query = {}): URL {
  const url = new URL(`.${path}`, document.baseURI);
  url.hash = "";
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === "") continue;
    for (const each of Array.isArray(value) ? value : [value]) url.searchParams.append(name, String(each));
  }
  return url;
}

export function runPath(runId: string, part = ""): string {
  return `/runs/${encodeURIComponent(runId)}${part}`;
}

/** *Throws* Problem. */
export async function get<T>(path: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
  const response = await send(apiUrl(path, query), { headers: { accept: "application/json" }, ...withSignal(signal) });
  return (await response.json()) as T;
}

/** *Throws* Problem. */
export async function getText(path: string, query: Query = {}, signal?: AbortSignal): Promise<string> {
  const response = await send(apiUrl(path, query), { ...withSignal(signal) });
  return await response.text();
}

/** *Throws* Problem. */
export async function getBlob(path: string): Promise<Blob> {
  return await (await send(apiUrl(path), {})).blob();
}

/** *Throws* Problem. */
export async function post<T>(path: string, body: unknown, headers: Record<string, string> = {}): Promise<T> {
  const response = await send(apiUrl(path), {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json", ...headers },
    body: JSON.stringify(body),
  });
  return (await response.json()) as T;
}

/** Gives a command. A refusal is a result too: it says why. *Throws* Problem where there is no result. */
export async function command(path: string, body: Readonly<Record<string, unknown>>): Promise<ControlResult> {
  try {
    return await post<ControlResult>(path, { actor: "dashboard", ...body });
  } catch (failure) {
    if (failure instanceof Problem && typeof failure.details["verb"] === "string") {
      return failure.details as unknown as ControlResult;
    }
    throw failure;
  }
}

/** *Throws* Problem. Without a signal that is aborted, tries again once the token is given. */
export async function send(url: URL, init: RequestInit): Promise<Response> {
  const token = currentToken();
  const headers = new Headers(init.headers);
  if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
  const response = await fetch(url, { ...init, headers }).catch((failure: unknown) => {
    if (init.signal?.aborted) throw failure;
    throw new Problem({ detail: "The server does not answer.", code: "unreachable", status: 0 });
  });
  if (response.status === 401) {
    await askForToken(token);
    return send(url, init);
  }
  if (response.ok) return response;
  throw await problemOf(response);
}

async function problemOf(response: Response): Promise<Problem> {
  const text = await response.text();
  try {
    const { detail, code, details, ...rest } = JSON.parse(text) as Record<string, unknown>;
    return new Problem({
      detail: String(detail ?? response.statusText),
      code: String(code ?? "unknown"),
      status: response.status,
      // A refused command is its result, with what is a problem's beside it.
      details: rest["verb"] === undefined ? ((details ?? {}) as Record<string, unknown>) : { ...rest, code },
    });
  } catch {
    return new Problem({ detail: text.slice(0, 200) || response.statusText, code: "unknown", status: response.status });
  }
}

function withSignal(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

/** A failure in words for people. */
export function wordsOf(failure: unknown): string {
  return failure instanceof Error ? failure.message : String(failure);
}
