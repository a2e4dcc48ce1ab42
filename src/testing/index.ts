export { type ControlWatch, controlWatch } from "./control-watch.ts";
export { deliveredTwice } from "./delivered-twice.ts";
export { combinePlans, crashAtCommit, failCommit, slowCommits } from "./fault-plans.ts";
export {
  crashAfter,
  crashBefore,
  type Fault,
  type FaultMoment,
  type FaultPlan,
  type FaultStore,
  failAfter,
  failBefore,
  faultAtCommit,
  faultStore,
  type StoreErrorCode,
  type WriteOperation,
} from "./fault-store.ts";
export { journalText } from "./journal-text.ts";
export {
  PAUSE_WAYS,
  type PauseAnywhereOptions,
  type PauseFailure,
  type PauseReport,
  type PauseWay,
  pauseAnywhere,
} from "./pause-anywhere.ts";
export { type RandomPipeline, type RandomPipelineOptions, randomPipeline } from "./random-pipeline.ts";
export { compareSummaries, type RunSummary, summarizeRun } from "./run-summary.ts";
export { RunWorld, type RunWorldOptions } from "./run-world.ts";
export { observedStore, scheduledStore } from "./scheduled-store.ts";
export { createScheduler, type Scheduler, type SchedulerOptions } from "./scheduler.ts";
export {
  type CallScript,
  type Script,
  type ScriptedCall,
  type ScriptedOptions,
  scriptedHandlers,
} from "./scripted-handlers.ts";
export { type SeededRandom, seededRandom } from "./seeded-random.ts";
export {
  type ConformanceKit,
  type Expectation,
  type StoreUnderTest,
  type TestRunner,
  testStore,
} from "./store-conformance.ts";
export { type HandlerCall, type TrackedHandlers, trackHandlers } from "./tracked-handlers.ts";
export { type VirtualClock, type VirtualClockOptions, virtualClock } from "./virtual-clock.ts";
export { type VirtualProcess, type VirtualProcessOptions, virtualProcess } from "./virtual-process.ts";
