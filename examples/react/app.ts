/** The server's side: runs are started, their snapshots go out as server-sent events, events come in. */
import { Hono } from "hono";
import { streamSSE } from "hono/streaming";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { concatMap, defer, from, fromEvent, lastValueFrom, startWith, takeUntil } from "rxjs";
import { isSafepointError, type RunActorEvent, type RunActorSnapshot, type Runtime } from "safepoint";
import { RELEASE } from "./release.ts";
import type { ShownSnapshot } from "./run-panel.ts";

const HTML = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Release</title></head>
<body><main id="root"></main><script type="module" src="/page.js"></script></body>
</html>
`;

/** `page` is the bundle of page.js. */
export function createApp(runtime: Runtime, page: string): Hono {
  const app = new Hono();
  app.get("/", (c) => c.html(HTML));
  app.get("/page.js", (c) => c.body(page, 200, { "content-type": "text/javascript" }));

  app.post("/runs/:id", async (c) => {
    const run = await runtime.start(RELEASE, { runId: c.req.param("id") });
    return c.json({ runId: run.id }, 201);
  });

  app.post("/runs/:id/send", async (c) => {
    // A form of another site cannot say this, and a script of one would have to ask first.
    if (c.req.header("content-type") !== "application/json") return c.body(null, 415);
    runtime.actorRef(c.req.param("id")).send((await c.req.json()) as RunActorEvent);
    return c.body(null, 202);
  });

  app.get("/runs/:id/snapshots", (c) => {
    const ref = runtime.actorRef(c.req.param("id"));
    // Throws where no run of that name is driven here.
    ref.getSnapshot();
    const snapshots = defer(() => from(ref).pipe(startWith(ref.getSnapshot())));
    return streamSSE(c, async (stream) => {
      const gone = new AbortController();
      stream.onAbort(() => gone.abort());
      const sent = snapshots.pipe(
        takeUntil(fromEvent(gone.signal, "abort")),
        concatMap((snapshot) => stream.writeSSE({ data: JSON.stringify(shown(snapshot)) })),
      );
      await lastValueFrom(sent, { defaultValue: undefined });
    });
  });

  app.onError((error, c) => {
    if (!isSafepointError(error)) throw error;
    return c.json({ code: error.code, message: error.message }, error.httpStatus as ContentfulStatusCode);
  });
  return app;
}

function shown({ status, value, output }: RunActorSnapshot): ShownSnapshot {
  return { status, value, output };
}
