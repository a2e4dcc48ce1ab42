import { isSafepointError, messageOf } from "../../errors.ts";
import type { EntryData } from "../../journal/catalogue.ts";
import type { JournalEntry } from "../../journal/entry.ts";
import { wallTimeOf } from "../../journal/fold/run-clock.ts";
import type { Run, Runtime } from "../../runtime/api.ts";
import type { Cli } from "../cli.ts";
import { commandLine } from "../command-line.ts";
import { isStoreOfThisProcess } from "../open-store.ts";
import { familyWaitsForPerson, followChildGates } from "./child-gates.ts";
import type { Display } from "./display.ts";
import type { AskedGate, GateAnswers } from "./gate-answers.ts";
import type { RunProgress } from "./progress.ts";
import { ConsoleGates } from "./prompt/console-gates.ts";

export interface GateDeps {
  readonly runtime: Runtime;
  readonly display: Display;
  readonly answers: GateAnswers;
  /** False: nobody is asked. */
  readonly waitGates: boolean;
  readonly run: () => Run;
  readonly progress: () => RunProgress | undefined;
  readonly interrupt: () => void;
  /** Nothing but a person's answer is missing, and that is not waited for. */
  readonly leaveForPerson: () => void;
}

/** Answers the questions of a run: with what was prepared, else by whoever sits in front of the terminal. */
export interface OpenGates {
  /** Called with each entry, after it went into the progress. */
  take(entry: JournalEntry): Promise<void>;
  end(): void;
}

export function answerOpenGates(cli: Cli, deps: GateDeps): OpenGates {
  const { display, run, interrupt } = deps;
  const person = new ConsoleGates({
    io: cli.io,
    display,
    run,
    interrupt,
    deadlineOf: ({ question: { deadlineMs } }) => {
      const state = deps.progress()?.fold.state;
      return deadlineMs === undefined || !state ? undefined : (wallTimeOf(state, deadlineMs) ?? "stands");
    },
  });
  const children = followChildGates({
    runtime: deps.runtime,
    note: (text) => display.note(text),
    open: async (child, entry) => {
      await open(cli, { ...deps, run: () => child }, { entry, person: NOBODY });
      if (!deps.waitGates && (await familyWaitsForPerson(deps.runtime, run().id))) deps.leaveForPerson();
    },
  });
  return {
    async take(entry) {
      children.take(entry);
      if (entry.type === "gate.opened") await open(cli, deps, { entry, person });
      else if (CLOSING.has(entry.type)) person.close((entry.data as EntryData<"gate.withdrawn">).gate);
      // None of them can be answered any more, and all will be withdrawn.
      else if (entry.type === "run.cancelling" || entry.type === "run.restarted") person.end();
    },
    end() {
      person.end();
      children.end();
    },
  };
}

/** Questions of child runs are not put to the terminal: it shows their parent. */
const NOBODY: Pick<ConsoleGates, "ask"> = { ask: () => false };

const CLOSING: ReadonlySet<string> = new Set(["gate.answered", "gate.timed_out", "gate.withdrawn"]);

/** Gates of the past that are closed by now are passed over. */
async function open(
  cli: Cli,
  deps: GateDeps,
  { entry, person }: { readonly entry: JournalEntry; readonly person: Pick<ConsoleGates, "ask"> },
): Promise<void> {
  const question = entry.data as EntryData<"gate.opened">;
  const [row] = await deps.runtime.store.read("gates", { runId: entry.runId, gate: question.gate });
  if (row?.status !== "open") return;
  const asked: AskedGate = { gate: question.gate, stage: entry.stage ?? row.stage, question };
  const answer = deps.answers(asked);
  if (answer !== undefined && (await giveAnswer(deps, asked, answer))) return;
  if (!deps.waitGates || person.ask(asked) || isStoreOfThisProcess(cli)) return;
  const choices = question.kind === "freeform" ? [] : question.options.map(({ key }) => key);
  const what = choices.length > 0 ? choices.join("|") : "text";
  deps.display.note(`answer with: ${commandLine(cli, ["answer", entry.runId, asked.gate])} <${what}>`);
}

async function giveAnswer(
  { run, display }: GateDeps,
  { gate }: AskedGate,
  answer: Parameters<Run["answer"]>[1],
): Promise<boolean> {
  try {
    const result = await run().answer(gate, answer, { reason: "prepared answer" });
    if (result.accepted === false) display.note(`answer to ${gate} refused: ${result.code}`);
    return result.accepted !== false;
  } catch (thrown) {
    const code = isSafepointError(thrown) ? `${thrown.code}: ` : "";
    display.note(`answer to ${gate} refused: ${code}${messageOf(thrown)}`);
    return false;
  }
}
