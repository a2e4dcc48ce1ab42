/** What a tool prints, while it prints it: the tail of it. What it printed as a whole is an artifact once it has ended. */
import { z } from "zod";
import { OUTPUT_TAIL_BYTES_MAX } from "../../limits.ts";
import { findRun } from "../../runtime/queries/find-run.ts";
import { operation } from "../api/operation.ts";
import { count, text } from "../schemas/basics.ts";

const STREAMS = ["stdout", "stderr"] as const;

export const OUTPUT_OPERATIONS = [
  operation({
    id: "showOutput",
    method: "get",
    path: "/runs/{runId}/output",
    topic: "runs",
    summary: "What an execution has printed so far",
    query: z.strictObject({ execution: text }),
    answers: {
      200: {
        what: "The end of each of its streams, in chunks of a quarter of a second; none for an execution that prints nothing.",
        schema: z.strictObject({
          runId: text,
          execution: text,
          output: z.array(
            z.strictObject({
              stream: z.enum(STREAMS),
              text,
              /** Of all of it. */
              bytes: count,
              /** Whether its beginning is left out. */
              cut: z.boolean(),
            }),
          ),
        }),
      },
    },
    refusals: ["run_not_found"],
    async handle({ c, params, query: { execution } }, { store }) {
      const { runId } = await findRun(store, params["runId"] as string);
      const rows = await store.read("output", { runId, execution });
      const output = STREAMS.flatMap((stream) => {
        const bytes = Buffer.concat(rows.filter((row) => row.stream === stream).map((row) => row.bytes));
        return bytes.length === 0 ? [] : [{ stream, ...tailOf(bytes) }];
      });
      return c.json({ runId, execution, output });
    },
  }),
];

function tailOf(bytes: Buffer): { readonly text: string; readonly bytes: number; readonly cut: boolean } {
  const tail = bytes.subarray(-OUTPUT_TAIL_BYTES_MAX);
  return { text: tail.toString("utf8"), bytes: bytes.length, cut: tail.length < bytes.length };
}
