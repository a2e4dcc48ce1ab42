/** What can be asked of the database, one function a topic. */

import type { RunImage, Topic, Topics } from "../store.ts";
import { selectArtifacts, selectOutbox } from "./artifacts.sql.ts";
import { selectPipelines } from "./blobs.sql.ts";
import { selectActors } from "./checkpoints.sql.ts";
import { selectCommands } from "./commands.sql.ts";
import type { Connection } from "./connection.ts";
import { selectContext, selectLiveContext, selectLiveScopes, selectScopes } from "./context.sql.ts";
import { selectGates } from "./gates.sql.ts";
import { selectEntries } from "./journal.sql.ts";
import { selectRun, selectRunKey, selectRuns } from "./runs.sql.ts";
import { selectHandlerSnapshots, selectOutput, selectProcesses } from "./sides.sql.ts";
import { selectTimers } from "./timers.sql.ts";

type TopicOfRun = "context" | "scopes" | "checkpoints" | "timers" | "artifacts" | "output" | "processes";
type Reader<T extends Topic> = (connection: Connection, query: Topics[T]["query"]) => readonly Topics[T]["row"][];

const READERS: { readonly [T in Topic]: Reader<T> } = {
  runs: selectRuns,
  run: (connection, { runId }) => {
    const found = selectRun(connection, runId);
    return found === undefined ? [] : [found.run];
  },
  journal: selectEntries,
  context: ofRun<"context">(selectContext),
  scopes: ofRun<"scopes">(selectScopes),
  checkpoints: ofRun<"checkpoints">(selectActors),
  timers: ofRun<"timers">(selectTimers),
  gates: selectGates,
  commands: selectCommands,
  artifacts: ofRun<"artifacts">(selectArtifacts),
  output: ofRun<"output">(selectOutput),
  processes: ofRun<"processes">((connection, run, { runId }) => selectProcesses(connection, run, runId)),
  outbox: selectOutbox,
  pipelines: (connection, { hash }) => selectPipelines(connection, hash),
};

/** A reader that is given the run's key; of a run that is not there it lists nothing. */
function ofRun<T extends TopicOfRun>(
  select: (connection: Connection, run: number, query: Topics[T]["query"]) => readonly Topics[T]["row"][],
): Reader<T> {
  return (connection, query) => {
    const run = selectRunKey(connection, query.runId);
    return run === undefined ? [] : select(connection, run, query);
  };
}

export function readTopic<T extends Topic>(
  connection: Connection,
  topic: T,
  query: Topics[T]["query"],
): readonly Topics[T]["row"][] {
  const reader: Reader<T> = READERS[topic];
  return reader(connection, query);
}

/** The run as it stands at one moment: all parts are read in one transaction. */
export function loadRun(connection: Connection, runId: string): RunImage | undefined {
  return connection.snapshot(() => {
    const found = selectRun(connection, runId);
    if (found === undefined) return undefined;
    const { key, run } = found;
    return {
      run,
      actors: selectActors(connection, key, {}),
      context: selectLiveContext(connection, key),
      scopes: selectLiveScopes(connection, key),
      timers: selectTimers(connection, key),
      gates: selectGates(connection, { runId, open: true }).map(({ runId: _, ...gate }) => gate),
      commands: selectCommands(connection, { runId, pending: true }),
      processes: selectProcesses(connection, key, runId),
      handlerSnapshots: selectHandlerSnapshots(connection, key),
    };
  });
}
