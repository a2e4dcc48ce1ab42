/** Content by hash, artifacts, and the news that something was committed. */
import { createHash } from "node:crypto";
import type { ConformanceKit } from "./store-conformance.ts";
import { commitAll, creation, turn } from "./store-fixtures.ts";

const bytes = new Uint8Array([0, 255, 10, 13, 0, 1]);

export function testContent({ describe, promise, expect }: ConformanceKit): void {
  describe("content", () => {
    promise("blobs are named by their sha-256 and stored once", async (_store, under) => {
      const hash = createHash("sha256").update(bytes).digest("hex");
      expect(await under.store.putBlob(bytes)).toBe(hash);
      expect(await under.store.putBlob(new Uint8Array(bytes))).toBe(hash);
      const store = await under.reopen();
      expect([...((await store.getBlob(hash)) ?? [])]).toEqual([...bytes]);
      expect(await store.getBlob("0".repeat(64))).toBe(undefined);
      const empty = await store.putBlob(new Uint8Array(0));
      expect((await store.getBlob(empty))?.length).toBe(0);
    });

    promise("what was stored does not change with what was handed in or out", async (store) => {
      const mine = new Uint8Array([1, 2, 3]);
      const hash = await store.putBlob(mine);
      mine[0] = 9;
      const theirs = await store.getBlob(hash);
      theirs?.fill(0);
      expect([...((await store.getBlob(hash)) ?? [])]).toEqual([1, 2, 3]);
    });

    promise("pipelines are kept by hash; the first stands", async (_store, under) => {
      const pipeline = { hash: "a".repeat(64), name: "p", source: "digraph { a -> b }" };
      await under.store.putPipeline(pipeline);
      await under.store.putPipeline({ ...pipeline, source: "other" });
      const store = await under.reopen();
      expect(await store.read("pipelines", { hash: pipeline.hash })).toEqual([pipeline]);
      expect(await store.read("pipelines", { hash: "b" })).toEqual([]);
    });

    promise("artifacts are listed by run and stage", async (store) => {
      const hash = await store.putBlob(bytes);
      const artifact = (name: string, stage: string) => ({
        ...{ artifact: `${stage}/${name}`, stage, name, mediaType: "text/plain", hash, bytes: 6, complete: true },
      });
      const cut = { ...artifact("b", "main/y@1"), execution: "main/y@1#1.1", complete: false };
      await commitAll(store, creation("a"), turn("a", 1, { artifacts: [cut, artifact("a", "main/x@1")] }));
      expect(await store.read("artifacts", { runId: "a" })).toEqual([artifact("a", "main/x@1"), cut]);
      expect(await store.read("artifacts", { runId: "a", stage: "main/y@1" })).toEqual([cut]);
      expect(await store.read("artifacts", { runId: "a", artifact: "main/x@1/a" })).toEqual([
        artifact("a", "main/x@1"),
      ]);
      expect(await store.check()).toEqual([]);
    });

    promise("watchers hear of commits until they stop", async (store) => {
      let heard = 0;
      const next = () =>
        new Promise<void>((resolve) => {
          const stop = store.watch(() => {
            heard++;
            stop();
            resolve();
          });
        });
      const first = next();
      await commitAll(store, creation("a"));
      await first;
      await commitAll(store, turn("a", 1));
      const second = next();
      await store.submit({ runId: "a", commandId: "c", verb: "pause", body: null, actor: "ann", atMs: 1 });
      await second;
      expect(heard).toBe(2);
    });
  });
}
