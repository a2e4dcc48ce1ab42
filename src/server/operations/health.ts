/** Whether the server is there, and whether it should be sent work. */
import { z } from "zod";
import { messageOf } from "../../errors.ts";
import { operation } from "../api/operation.ts";
import { text } from "../schemas/basics.ts";

export const HEALTH_OPERATIONS = [
  operation({
    id: "checkHealth",
    method: "get",
    path: "/healthz",
    topic: "server",
    summary: "Whether the process answers",
    open: true,
    answers: { 200: { what: "It does.", schema: z.strictObject({ ok: z.literal(true) }) } },
    handle: ({ c }) => c.json({ ok: true }),
  }),
  operation({
    id: "checkReadiness",
    method: "get",
    path: "/readyz",
    topic: "server",
    summary: "Whether it takes work: not while it stops, nor without its store",
    open: true,
    answers: {
      200: { what: "It does.", schema: z.strictObject({ ready: z.literal(true) }) },
      503: { what: "It does not.", schema: z.strictObject({ ready: z.literal(false), reason: text }) },
    },
    async handle({ c }, { store, closing, options }) {
      if (closing.aborted) return c.json({ ready: false, reason: "stopping" }, 503);
      try {
        await store.read("runs", { limit: 1 });
        return c.json({ ready: true });
      } catch (failure) {
        options.log?.warn("not ready", { message: messageOf(failure) });
        return c.json({ ready: false, reason: "the store cannot be read" }, 503);
      }
    },
  }),
];
