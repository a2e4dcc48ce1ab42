/** Who virtual processes are: as different from each other as real ones, and known to be gone when they are dead. */
import type { Owner, Store } from "../persistence/store.ts";
import { delegateStore } from "../runtime/delegate-store.ts";

interface Population {
  /** Tells stores apart that have the same name, as two in memory do. */
  readonly world: number;
  born: number;
  readonly dead: Set<number>;
}

const HOST = "virtual";
/** By the store they share. */
const populations = new WeakMap<Store, Population>();
let worlds = 0;

function populationOf(store: Store): Population {
  const known = populations.get(store);
  if (known !== undefined) return known;
  worlds += 1;
  const population = { world: worlds, born: 0, dead: new Set<number>() };
  populations.set(store, population);
  return population;
}

/** The next process over this store. */
export function bearOwner(store: Store): { readonly owner: Owner; die(): void } {
  const population = populationOf(store);
  population.born += 1;
  const pid = population.born;
  const owner: Owner = { host: HOST, bootId: HOST, pid, processStart: `${HOST} ${pid}` };
  return { owner, die: () => void population.dead.add(pid) };
}

/** The same store, as the process `owner` uses it: it signs with its own name, and may take leases of the dead. */
export function ownedStore(store: Store, owner: Owner): Store {
  const { dead, world } = populationOf(store);
  return {
    ...delegateStore(store),
    // Two processes with one store know nothing of each other's memory.
    location: `${store.location} in process ${owner.pid} of world ${world}`,
    commit: (turns) =>
      store.commit(turns.map((turn) => (turn.create?.owner ? { ...turn, create: { ...turn.create, owner } } : turn))),
    async claim(request) {
      const [row] = await store.read("run", { runId: request.runId });
      const isDead = row?.owner?.host === HOST && dead.has(row.owner.pid);
      return store.claim({ ...request, owner, ...(row && isDead ? { deadToken: row.token } : {}) });
    },
  };
}
