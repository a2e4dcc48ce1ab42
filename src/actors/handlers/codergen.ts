/** The `codergen` type: a prompt to a backend. Source: 04 §6. */
import { expandText } from "../../graph/expand.ts";
import type { JsonValue, Outcome } from "../../graph/index.ts";
import { LAST_RESPONSE_CHARS_MAX } from "../../limits.ts";
import type { HandlerDefinition, HandlerInput } from "../handler.ts";
import { cut } from "../processes/kept-output.ts";
import type { CodergenBackend, CodergenReply, CodergenRequest } from "./backend.ts";
import { type FidelityQuestion, fidelityOf, preambleFor, threadOf } from "./fidelity.ts";
import { readOutcome } from "./outcome-reading.ts";

/** Threads of this process that a backend may still remember; the oldest are taken for forgotten. */
const LIVE_THREADS_MAX = 10_000;

/** What a backend was asked and said, as it counts for a stage: the outcome with the engine's keys. */
export interface Asked {
  readonly response: string;
  readonly outcome: Outcome;
}

/**
 * Runs `codergen` nodes with a backend. Prompt and response are artifacts of the stage, and so is its outcome, in the
 * names of the Attractor specification.
 */
export function createCodergen(backend: CodergenBackend): HandlerDefinition {
  const ask = createAsk(backend);
  return { handler: async (input) => (await ask(input)).outcome };
}

/** Asks a backend what a node's prompt says, with `more` behind it as it is: no variable in that is expanded. */
export function createAsk(backend: CodergenBackend): (input: HandlerInput, more?: string) => Promise<Asked> {
  const liveThreads = new Set<string>();
  return async (input, more = "") => {
    const asked = requestOf(input, { backend, liveThreads });
    const request = { ...asked, prompt: asked.prompt + more };
    await input.artifacts.write("prompt.md", request.prompt, { mediaType: "text/markdown" });
    if (request.preamble !== "")
      await input.artifacts.write("preamble.md", request.preamble, { mediaType: "text/markdown" });
    const { response, outcome } = readReply(await backend.run(request));
    if (request.thread !== undefined) remember(liveThreads, threadKey(input, request.thread));
    await input.artifacts.write("response.md", response, { mediaType: "text/markdown" });
    await input.artifacts.write("status.json", statusFile(outcome), { mediaType: "application/json" });
    const contextUpdates = { ...outcome.contextUpdates, ...engineKeys(input, request, response) };
    return { response, outcome: { ...outcome, contextUpdates } };
  };
}

interface Session {
  readonly backend: CodergenBackend;
  readonly liveThreads: ReadonlySet<string>;
}

function requestOf(input: HandlerInput, { backend, liveThreads }: Session): CodergenRequest {
  const { node, attributes, context, graph, signal } = input;
  const goal = graph.attributes["goal"];
  const read = (key: string) => context.get(key);
  const written = String(attributes["prompt"] ?? "");
  const scope = { read, inputs: input.inputs, goal: goal === undefined ? undefined : String(goal) };
  const question: FidelityQuestion = {
    node: attributes,
    graph: graph.attributes,
    ...(input.edge && { edge: input.edge.attributes, from: input.edge.from }),
    ...(node.subgraph !== undefined && { subgraph: node.subgraph }),
  };
  const asked = fidelityOf(question);
  const thread = asked === "full" ? threadOf(question) : undefined;
  // A thread with earlier stages that this process has not seen was begun before a restart: its session is gone.
  const lost = thread !== undefined && context.has(threadName(thread)) && !liveThreads.has(threadKey(input, thread));
  const fidelity = asked === "full" && (lost || !backend.sessions) ? "summary:high" : asked;
  if (fidelity !== asked) input.log.info("the session of a thread is not there; a summary takes its place", { thread });
  const source = { fidelity, runId: input.runId, goal: scope.goal ?? "", history: input.history?.() ?? [] };
  return {
    ...{ node, context, signal, fidelity, input },
    prompt: expandText(written.trim() === "" ? node.label : written, scope),
    preamble: fidelity === "full" ? "" : preambleFor({ ...source, context: context.toObject() }),
    ...(thread !== undefined && { thread }),
    ...textAttribute("model", attributes["llm_model"]),
    ...textAttribute("provider", attributes["llm_provider"]),
    ...textAttribute("effort", attributes["reasoning_effort"]),
  };
}

function textAttribute<Name extends string>(name: Name, value: unknown): { [name in Name]?: string } {
  return value === undefined || value === "" ? {} : ({ [name]: String(value) } as { [name in Name]: string });
}

function readReply(reply: CodergenReply): { response: string; outcome: Outcome } {
  if (typeof reply === "string") return { response: reply, outcome: { status: "success" } };
  const both = "response" in reply;
  const reading = readOutcome(both ? reply.outcome : reply);
  const outcome: Outcome = reading.ok
    ? reading.outcome
    : { status: "fail", failureReason: `the backend's reply is no outcome: ${reading.problem}` };
  return { response: both ? reply.response : (outcome.notes ?? ""), outcome };
}

function statusFile(outcome: Outcome): string {
  const { status, preferredLabel, suggestedNextIds, contextUpdates, notes, failureReason } = outcome;
  const file = {
    outcome: status,
    preferred_next_label: preferredLabel,
    suggested_next_ids: suggestedNextIds,
    context_updates: contextUpdates,
    notes,
    failure_reason: failureReason,
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

function engineKeys(input: HandlerInput, { thread }: CodergenRequest, response: string): Record<string, JsonValue> {
  return {
    last_stage: input.node.id,
    last_response: cut(response, LAST_RESPONSE_CHARS_MAX),
    ...(thread !== undefined && { [threadName(thread)]: input.stage }),
  };
}

/** The context key that says which stage of a thread was the last: it is there in every process and branch that goes on. */
function threadName(thread: string): string {
  return `internal.thread.${thread}`;
}

function threadKey(input: HandlerInput, thread: string): string {
  return JSON.stringify([input.runId, thread]);
}

function remember(threads: Set<string>, key: string): void {
  threads.delete(key);
  threads.add(key);
  const [oldest] = threads;
  if (threads.size > LIVE_THREADS_MAX && oldest !== undefined) threads.delete(oldest);
}
