/** Journals of runs with branches, and stores that hold them. */
import { isSafepointError } from "../../src/errors.ts";
import { memoryStore } from "../../src/persistence/memory/index.ts";
import type { Store } from "../../src/persistence/store.ts";
import { Script } from "../journal/script.ts";
import { storeJournal } from "./stored-journal.ts";

export const fan = "main/fan@1";
export const each = "main/each@1";

export async function stored(script: Script): Promise<Store> {
  const store = memoryStore();
  await storeJournal(store, script.entries);
  return store;
}

export function fanOut(script: Script, activation: string, branches: number): Script {
  const heads = Array.from({ length: branches }, (_, index) => ({ path: `${activation}/${index}`, head: `h${index}` }));
  return script.turn((s) =>
    s.entered(activation, "parallel").add(
      "parallel.started",
      {
        activation,
        join: "join",
        joinRule: "attribute",
        policy: "quorum",
        errorPolicy: "continue",
        need: 2,
        branches: heads,
        maxParallel: 4,
      },
      { branch: activation.slice(0, activation.lastIndexOf("/")), stage: activation },
    ),
  );
}

export function branchStarts(script: Script, activation: string, index: number): Script {
  const path = `${activation}/${index}`;
  const data = { activation, index, head: `h${index}`, branchRunId: `${path}~0` };
  return script.turn((s) => s.add("branch.started", data, { branch: path }));
}

export function works(script: Script, stage: string, contextUpdates: Record<string, string | number>): Script {
  return script.turn((s) => s.started(stage)).turn((s) => s.succeeded(stage, 1, 1, { contextUpdates }));
}

/** Three branches of which two win; what they wrote is merged under names of their own, and `report` by a rule. */
export function reviewed(): Script {
  const script = new Script().begin({ goal: "g" });
  fanOut(script, fan, 3);
  for (const index of [0, 1, 2]) branchStarts(script, fan, index);
  works(script, `${fan}/1/lint@1`, { report: "b", only: 1 });
  works(script, `${fan}/0/lint@1`, { report: "a" });
  script.turn((s) => s.add("branch.succeeded", { status: "success" }, { branch: `${fan}/1` }));
  script.turn((s) => s.add("branch.succeeded", { status: "success" }, { branch: `${fan}/0` }));
  script.turn((s) => {
    const counts = { succeeded: 2, failed: 0, open: 1, winners: [`${fan}/1`, `${fan}/0`] };
    const data = { activation: fan, decision: "success" as const, policy: "quorum", ...counts };
    s.add("join.decided", data, { branch: "main", stage: fan });
  });
  script.turn((s) => s.add("branch.superseded", { status: "success" }, { branch: `${fan}/2` }));
  return script.turn((s) =>
    s.add(
      "stage.succeeded",
      {
        outcome: { status: "success", contextUpdates: { report: ["a", "b"], "parallel.fan.1.only": 1 } },
        provenance: {
          report: { branches: [`${fan}/0`, `${fan}/1`], rule: "append" },
          "parallel.fan.1.only": { branches: [`${fan}/1`], rule: "namespaced" },
        },
      },
      { branch: "main", stage: fan },
    ),
  );
}

/** A foreach of so many; those below `ended` have ended, every tenth of them failed. */
export function iterated(total: number, ended: number): Script {
  const script = new Script().begin();
  const where = { branch: "main", stage: each };
  script.turn((s) =>
    s
      .entered(each, "foreach")
      .add(
        "container.entered",
        { activation: each, kind: "foreach", onItemFailure: "continue", maxParallel: 10, total },
        where,
      ),
  );
  for (let index = 0; index < Math.min(total, ended + 10); index += 1) {
    const data = { activation: each, index, item: `item ${index}`, count: total };
    script.turn((s) =>
      s.add("iteration.started", data, { branch: `${each}/${index}` }).started(`${each}/${index}/do@1`),
    );
    if (index >= ended) continue;
    script.turn((s) => {
      const end = { activation: each, index };
      s.succeeded(`${each}/${index}/do@1`);
      if (index % 10 === 3)
        s.add("iteration.failed", { ...end, status: "fail", reason: "no" }, { branch: `${each}/${index}` });
      else s.add("iteration.succeeded", { ...end, status: "success" }, { branch: `${each}/${index}` });
    });
  }
  return script;
}

export const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => "resolved",
    (error: unknown) => (isSafepointError(error) ? error.code : String(error)),
  );
