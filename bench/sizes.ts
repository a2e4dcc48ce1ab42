/** How much is measured. `full` is what the targets are about; `tiny` is for the test of the runner: its numbers say nothing. */
export interface Sizes {
  /** Rounds that count; one more goes before them and is thrown away. */
  readonly rounds: number;
  /** Stages of a single run. */
  readonly shortRun: number;
  readonly longRun: number;
  readonly runs: number;
  readonly stagesPerRun: number;
  /** Stages between two slices of raw commits. */
  readonly slice: number;
  /** Stages that a window of `flat` spans; it begins at stage `windowFrom`. */
  readonly window: number;
  readonly windowFrom: number;
  /** Entries of the run that is taken up, and of the one beside it. */
  readonly longJournal: number;
  readonly shortJournal: number;
  /** Times a run is taken up, a program is started. */
  readonly samples: number;
  /** Runs that stand in a stage while commands are given. */
  readonly liveRuns: number;
  /** Runs of another process that one command is for. */
  readonly bulkRuns: number;
  /** Commands, one after the other, that are timed here; and those given to another process. */
  readonly commands: number;
  readonly commandsElsewhere: number;
  /** Of a parallel node whose branches are chains, and of one whose branches are single stages. */
  readonly branches: number;
  readonly stagesPerBranch: number;
  readonly manyBranches: number;
  /** Of a foreach, and of a long one. */
  readonly items: number;
  readonly manyItems: number;
  /** Clients that follow a journal, and for how long. */
  readonly sseClients: number;
  readonly sseMs: number;
  /** Turns of the store's own bench. */
  readonly storeTurns: number;
}

export type SizeName = "full" | "quick" | "tiny";

export const SIZES: Readonly<Record<SizeName, Sizes>> = {
  full: {
    rounds: 5,
    shortRun: 1000,
    longRun: 10_000,
    runs: 200,
    stagesPerRun: 20,
    slice: 50,
    window: 500,
    windowFrom: 100,
    longJournal: 100_000,
    shortJournal: 1000,
    samples: 15,
    liveRuns: 1000,
    bulkRuns: 500,
    commands: 1000,
    commandsElsewhere: 200,
    branches: 100,
    stagesPerBranch: 10,
    manyBranches: 1000,
    items: 10_000,
    manyItems: 100_000,
    sseClients: 100,
    sseMs: 10_000,
    storeTurns: 3000,
  },
  quick: {
    rounds: 3,
    shortRun: 1000,
    longRun: 3000,
    runs: 200,
    stagesPerRun: 20,
    slice: 50,
    window: 500,
    windowFrom: 100,
    longJournal: 20_000,
    shortJournal: 1000,
    samples: 10,
    liveRuns: 1000,
    bulkRuns: 500,
    commands: 300,
    commandsElsewhere: 100,
    branches: 100,
    stagesPerBranch: 10,
    manyBranches: 1000,
    items: 2_000,
    manyItems: 20_000,
    sseClients: 100,
    sseMs: 4_000,
    storeTurns: 1000,
  },
  tiny: {
    rounds: 1,
    shortRun: 20,
    longRun: 60,
    runs: 3,
    stagesPerRun: 4,
    slice: 5,
    window: 10,
    windowFrom: 5,
    longJournal: 90,
    shortJournal: 30,
    samples: 2,
    liveRuns: 6,
    bulkRuns: 5,
    commands: 4,
    commandsElsewhere: 3,
    branches: 4,
    stagesPerBranch: 5,
    manyBranches: 10,
    items: 20,
    manyItems: 40,
    sseClients: 3,
    sseMs: 200,
    storeTurns: 20,
  },
};
