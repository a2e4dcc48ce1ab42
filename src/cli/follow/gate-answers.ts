import { SafepointError } from "../../errors.ts";
import type { JsonValue } from "../../graph/index.ts";
import { parseStageAddress } from "../../journal/address.ts";
import type { EntryData } from "../../journal/catalogue.ts";
import type { Cli } from "../cli.ts";
import { isRecord, readJsonFile } from "../read-json-file.ts";

export interface AskedGate {
  readonly gate: string;
  readonly stage: string;
  readonly question: EntryData<"gate.opened">;
}

/** What to answer to a question without asking anyone; undefined leaves it open. */
export type GateAnswers = (gate: AskedGate) => JsonValue | undefined;

/**
 * Answers from a file (a list, given out in turn; or by gate id, stage address or node id, each with one answer or a
 * list), then from --auto-approve. Whether an execution of unknown outcome may run again is never approved unasked.
 */
export async function readAnswers(
  cli: Cli,
  options: { readonly answers?: string; readonly autoApprove?: boolean },
): Promise<GateAnswers> {
  const prepared = options.answers === undefined ? () => undefined : await answersFromFile(cli, options.answers);
  return (asked) => prepared(asked) ?? (options.autoApprove ? approve(asked) : undefined);
}

function approve({ question }: AskedGate): JsonValue | undefined {
  if (question.purpose === "interrupted") return undefined;
  const first = question.options[0]?.key;
  if (question.kind === "multi_select") return first === undefined ? [] : [first];
  return first ?? (question.kind === "freeform" ? "approved" : "yes");
}

async function answersFromFile(cli: Cli, file: string): Promise<GateAnswers> {
  const document = await readJsonFile(cli, "--answers", file);
  if (Array.isArray(document)) return inTurn(document as JsonValue[]);
  if (!isRecord(document)) {
    throw new SafepointError("usage", `--answers: expected a list or an object in ${file}`, { details: { file } });
  }
  const byName = new Map(
    Object.entries(document).map(([name, value]) => [
      name,
      inTurn(Array.isArray(value) ? value : [value as JsonValue]),
    ]),
  );
  return (asked) => {
    const names = [asked.gate, asked.stage, parseStageAddress(asked.stage).node];
    return names.map((name) => byName.get(name)?.(asked)).find((answer) => answer !== undefined);
  };
}

function inTurn(answers: readonly JsonValue[]): GateAnswers {
  let next = 0;
  return () => answers[next++];
}
