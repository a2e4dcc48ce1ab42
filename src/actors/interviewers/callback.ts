import type { JsonValue } from "../../graph/index.ts";
import type { AskedQuestion, AskOptions, Interviewer } from "./interviewer.ts";

type Ask = (question: AskedQuestion, options: AskOptions) => JsonValue | undefined | Promise<JsonValue | undefined>;

/** Asks a function: a chat bot, a ticket, a form. */
export function callbackInterviewer(ask: Ask, options: { readonly actor?: string } = {}): Interviewer {
  return { ...options, ask: async (question, asked) => ask(question, asked) };
}
