/** Questions that wait for a person. */
import { z } from "zod";
import { openQuestions } from "../../runtime/queries/questions.ts";
import { operation } from "../api/operation.ts";
import { text, time } from "../schemas/basics.ts";
import { named } from "../schemas/named.ts";
import { ANSWER_OPERATIONS } from "./control.ts";

const question = named(
  "Question",
  z.strictObject({
    runId: text,
    stage: text,
    gate: text,
    kind: z.enum(["yes_no", "confirmation", "multiple_choice", "multi_select", "freeform"]),
    purpose: z.enum(["gate", "interrupted"]),
    text,
    options: z.array(z.strictObject({ key: text, label: text, to: text.exactOptional() })),
    defaultChoice: text.exactOptional(),
    /** Of the run's own time, which stands still while it is paused. */
    deadlineMs: z.number().exactOptional(),
    /** Absent while the run is paused. */
    deadline: time.exactOptional(),
    deadlineLeftMs: z.number().exactOptional(),
  }),
);
const answers = { 200: { what: "Open questions.", schema: z.strictObject({ questions: z.array(question) }) } };

export const QUESTION_OPERATIONS = [
  operation({
    id: "listQuestions",
    method: "get",
    path: "/questions",
    topic: "questions",
    summary: "Open questions of all runs",
    answers,
    handle: async ({ c }, { store, now }) => c.json({ questions: await openQuestions(store, { nowMs: now() }) }),
  }),
  operation({
    id: "listRunQuestions",
    method: "get",
    path: "/runs/{runId}/questions",
    topic: "questions",
    summary: "Open questions of one run",
    answers,
    refusals: ["run_not_found"],
    async handle({ c, params }, { store, now }) {
      return c.json({ questions: await openQuestions(store, { runId: params["runId"], nowMs: now() }) });
    },
  }),
  ...ANSWER_OPERATIONS,
];
