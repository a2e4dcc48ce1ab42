/** The HTTP side of the service: three routes over a runtime. */
import { type Context, Hono } from "hono";
import { streamSSE } from "hono/streaming";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { concatMap, fromEvent, lastValueFrom, takeUntil } from "rxjs";
import { isSafepointError, parsePipeline, type Runtime } from "safepoint";
import { ORDER_PIPELINE } from "./orders.ts";

const pipeline = parsePipeline(ORDER_PIPELINE);

export function createApp(runtime: Runtime): Hono {
  const app = new Hono();

  app.post("/runs", async (c) => {
    const order = await readOrder(c);
    if (!order) return c.json({ code: "input_invalid", message: 'expected { "order": "A-17", "item": "hat" }' }, 422);
    // The order's number is the run's id: the same order twice is one run.
    const run = await runtime.start(pipeline, {
      runId: `order-${order.order}`,
      inputs: { ...order },
      labels: { item: order.item },
    });
    return c.json({ runId: run.id }, 201, { location: `/runs/${run.id}` });
  });

  app.get("/runs/:id", async (c) => c.json(await runtime.view(c.req.param("id"))));

  app.get("/runs/:id/events", async (c) => {
    const run = await runtime.get(c.req.param("id"));
    const after = Number(c.req.header("last-event-id") ?? c.req.query("after") ?? 0) || 0;
    return streamSSE(c, async (stream) => {
      const gone = new AbortController();
      stream.onAbort(() => gone.abort());
      const sent = run.events({ after }).pipe(
        takeUntil(fromEvent(gone.signal, "abort")),
        // One at a time. The id is where a client that lost its connection goes on.
        concatMap((entry) =>
          stream.writeSSE({ id: String(entry.seq), event: entry.type, data: JSON.stringify(entry) }),
        ),
      );
      await lastValueFrom(sent, { defaultValue: undefined });
      if (!gone.signal.aborted) await stream.writeSSE({ event: "end", data: "" });
    });
  });

  app.onError((error, c) => {
    if (!isSafepointError(error)) throw error;
    return c.json({ code: error.code, message: error.message }, error.httpStatus as ContentfulStatusCode);
  });
  return app;
}

async function readOrder(c: Context): Promise<{ order: string; item: string } | undefined> {
  const body: unknown = await c.req.json().catch(() => undefined);
  if (typeof body !== "object" || body === null) return undefined;
  const { order, item } = body as { order?: unknown; item?: unknown };
  if (typeof order !== "string" || !/^[\w-]{1,64}$/.test(order) || typeof item !== "string") return undefined;
  return { order, item };
}
