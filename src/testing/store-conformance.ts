/**
 * The promises of a store as a suite: hand in your test runner's functions and a way to open a store, and every store
 * keeps the same ones. Framework-free: `describe`, `it` and `expect` are those of Vitest, Jest or anything alike.
 */
import type { Store } from "../persistence/store.ts";
import { testBeside } from "./store-conformance-beside.ts";
import { testCheckpoints } from "./store-conformance-checkpoints.ts";
import { testCommits } from "./store-conformance-commits.ts";
import { testContent } from "./store-conformance-content.ts";
import { testContext } from "./store-conformance-context.ts";
import { testInbox } from "./store-conformance-inbox.ts";
import { testJournal } from "./store-conformance-journal.ts";
import { testLeases } from "./store-conformance-leases.ts";
import { testOutbox } from "./store-conformance-outbox.ts";
import { testRuns } from "./store-conformance-runs.ts";
import { testSides } from "./store-conformance-sides.ts";

/** What the suite asks of `expect(actual)`. */
export interface Expectation {
  toBe(expected: unknown): void;
  toEqual(expected: unknown): void;
  toMatch(expected: RegExp): void;
}

export interface TestRunner {
  readonly describe: (name: string, body: () => void) => void;
  readonly it: (name: string, body: () => Promise<void>) => void;
  readonly expect: (actual: unknown) => Expectation;
}

/** A store under test. */
export interface StoreUnderTest {
  readonly store: Store;
  /** Closes it and opens the same again where the medium outlives the process; else answers with the same. */
  reopen(): Promise<Store>;
  dispose(): Promise<void>;
}

export interface ConformanceKit extends TestRunner {
  /** A test that is given a fresh store, disposed of afterwards. */
  readonly promise: (name: string, body: (store: Store, under: StoreUnderTest) => Promise<void>) => void;
}

/** Registers every promise of the port under `name`. */
export function testStore(name: string, runner: TestRunner, open: () => Promise<StoreUnderTest>): void {
  const kit: ConformanceKit = {
    ...runner,
    promise: (title, body) =>
      runner.it(title, async () => {
        const under = await open();
        try {
          await body(under.store, under);
        } finally {
          await under.dispose();
        }
      }),
  };
  runner.describe(`a store keeps its promises: ${name}`, () => {
    testCommits(kit);
    testRuns(kit);
    testJournal(kit);
    testCheckpoints(kit);
    testContext(kit);
    testLeases(kit);
    testInbox(kit);
    testSides(kit);
    testContent(kit);
    testBeside(kit);
    testOutbox(kit);
  });
}
