/** Asks at a terminal, one question at a time. */
import { createInterface } from "node:readline";
import type { JsonValue } from "../../graph/index.ts";
import { readAnswer } from "../gates/read-answer.ts";
import type { AskedQuestion, Interviewer } from "./interviewer.ts";

export interface ConsoleOptions {
  /** Default: the process's. */
  readonly input?: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  /** Default: stderr, since stdout is for data. */
  readonly output?: NodeJS.WritableStream;
  /** Whether somebody sits there. Default: whether the input is a terminal. Where nobody does, questions stay open. */
  readonly isTerminal?: boolean;
}

/** Shows the question with its options and reads a line; asks again until the line is an answer, or the input ends. */
export function consoleInterviewer(options: ConsoleOptions = {}): Interviewer {
  const { input = process.stdin, output = process.stderr } = options;
  const isTerminal = options.isTerminal ?? (input as { readonly isTTY?: boolean }).isTTY === true;
  let before: Promise<unknown> = Promise.resolve();
  return {
    async ask(question, { signal }) {
      if (!isTerminal) return undefined;
      const mine = before.then(() => interview({ question, signal, input, output }));
      before = mine.catch(() => {});
      return mine;
    },
  };
}

interface Sitting {
  readonly question: AskedQuestion;
  readonly signal: AbortSignal;
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
}

async function interview({ question, signal, input, output }: Sitting): Promise<JsonValue | undefined> {
  if (signal.aborted) return undefined;
  output.write(`\n${printable(describe(question))}\n`);
  // One interface for all tries: what was typed ahead stays with it.
  const lines = createInterface({ input });
  const stop = () => lines.close();
  signal.addEventListener("abort", stop, { once: true });
  try {
    output.write("> ");
    for await (const line of lines) {
      const answer = question.kind === "multi_select" ? line.split(",").map((word) => word.trim()) : line;
      const reading = readAnswer(question, answer);
      if (reading.ok) return answer;
      output.write(`${printable(reading.problem)}\n> `);
    }
    if (signal.aborted) output.write("(settled elsewhere)\n");
    return undefined;
  } finally {
    signal.removeEventListener("abort", stop);
    lines.close();
  }
}

function describe({ runId, stage, text, kind, options, problem, defaultChoice }: AskedQuestion): string {
  const choices = options.map(({ key, label }) => `  ${key}  ${label}`);
  const how = kind === "multi_select" ? ["  (one or more, separated by commas)"] : [];
  const otherwise = defaultChoice === undefined ? [] : [`  (without an answer in time: ${defaultChoice})`];
  const again = problem === undefined ? [] : [problem];
  return [`${text}  [${runId}, ${stage}]`, ...choices, ...how, ...otherwise, ...again].join("\n");
}

/** Text of a pipeline comes from anywhere: control characters in it must not reach the terminal. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, (character) => (character === "\n" ? character : "\u{FFFD}"));
}
