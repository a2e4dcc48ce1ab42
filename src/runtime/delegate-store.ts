import type { Store } from "../persistence/store.ts";

/** Every method as it is; to begin a wrapper with. */
export function delegateStore(store: Store): Store {
  return {
    kind: store.kind,
    location: store.location,
    commit: (turns) => store.commit(turns),
    claim: (request) => store.claim(request),
    renew: (leases, untilMs) => store.renew(leases, untilMs),
    release: (leases) => store.release(leases),
    load: (runId) => store.load(runId),
    read: (topic, query) => store.read(topic, query),
    submit: (command) => store.submit(command),
    writeSide: (side) => store.writeSide(side),
    clearOutbox: (rows) => store.clearOutbox(rows),
    putPipeline: (pipeline) => store.putPipeline(pipeline),
    putBlob: (bytes) => store.putBlob(bytes),
    getBlob: (hash) => store.getBlob(hash),
    watch: (onChange) => store.watch(onChange),
    check: () => store.check(),
    close: () => store.close(),
  };
}
