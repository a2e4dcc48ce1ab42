/**
 * A process that drives live runs until its parent ends it, or is gone. Usage, over IPC only:
 * live-runs-child.ts <database> <runs>. Says `ready` when all stand in their stage.
 */
import { openLiveRuns } from "./live-runs.ts";

const [path = "", count = ""] = process.argv.slice(2);
process.once("disconnect", () => process.exit(1));
await openLiveRuns({ path, count: Number(count) });
process.send?.("ready");
