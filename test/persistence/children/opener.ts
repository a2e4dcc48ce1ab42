/** Opens a store that may not be there yet, and creates one run in it. */
import { sqliteStore } from "../../../src/persistence/sqlite/index.ts";
import { commitAll, creation } from "../../../src/testing/store-fixtures.ts";

const [, , path = "", runId = ""] = process.argv;
const store = sqliteStore({ path, synchronous: "NORMAL" });
await commitAll(store, creation(runId));
await store.close();
