export type { Clock, Random, TimerHandle } from "./actors/clock.ts";
export type {
  AbortReason,
  ArtifactWriter,
  ContextView,
  ExecutionAbort,
  Handler,
  HandlerDefinition,
  HandlerFunction,
  HandlerInput,
  HandlerLog,
  HandlerLogic,
  HandlerResult,
} from "./actors/handler.ts";
export type { CodergenBackend, CodergenReply, CodergenRequest } from "./actors/handlers/backend.ts";
export { commandBackend } from "./actors/handlers/backends/command.ts";
export { simulateBackend } from "./actors/handlers/backends/simulate.ts";
export { autoApproveInterviewer } from "./actors/interviewers/auto-approve.ts";
export { callbackInterviewer } from "./actors/interviewers/callback.ts";
export { type ConsoleOptions, consoleInterviewer } from "./actors/interviewers/console.ts";
export type { AskedQuestion, AskOptions, Interviewer } from "./actors/interviewers/interviewer.ts";
export { type QueueInterviewer, queueInterviewer } from "./actors/interviewers/queue.ts";
export { type Interview, type RecordingInterviewer, recordingInterviewer } from "./actors/interviewers/recording.ts";
export {
  ERROR_CODES,
  type ErrorCode,
  InvariantError,
  isSafepointError,
  RetryableError,
  SafepointError,
  TerminalError,
} from "./errors.ts";
export type { Attributes, Diagnostic, Graph, GraphEdge, GraphNode, Severity, Subgraph } from "./graph/graph.ts";
export { type CustomRule, LINT_RULES, type LintOptions, lint } from "./graph/lint.ts";
export type { JsonValue, Outcome } from "./graph/outcome.ts";
export { parsePipeline, readPipeline } from "./graph/parser.ts";
export { toDot } from "./graph/to-dot.ts";
export { applyTransforms, type Transform } from "./graph/transforms.ts";
export type { JournalEntry } from "./journal/entry.ts";
export { type FoldState, fold } from "./journal/fold.ts";
export { parseEntry } from "./journal/parse-entry.ts";
export type { RunView } from "./journal/run-view.ts";
export type { ArtifactRow, RunRow, RunStatus, Store } from "./persistence/store.ts";
export { definePipeline } from "./pipeline.ts";
export type { RunActorEvent, RunActorRef, RunActorSnapshot, RunOutput } from "./runtime/actor-ref.ts";
export type {
  CancelOptions,
  CommandOptions,
  ContinueOptions,
  ControlManyOptions,
  ControlResult,
  EntryQuery,
  ForkOptions,
  ListQuery,
  PauseOptions,
  Question,
  Run,
  RunSelector,
  Runtime,
  RuntimeOptions,
  StartOptions,
  VerifyReport,
} from "./runtime/api.ts";
export type {
  InspectedEvent,
  InspectedSnapshot,
  Inspection,
  InspectionObserver,
  InspectOptions,
} from "./runtime/inspection/inspection.ts";
export type { Checkpoint } from "./runtime/queries/checkpoint.ts";
export type { Lineage } from "./runtime/queries/lineage.ts";
export type { BranchesPage, BranchesQuery } from "./runtime/queries/regions/branches.ts";
export type { JoinRow, JoinsPage, JoinsQuery } from "./runtime/queries/regions/joins.ts";
export type { KeySource } from "./runtime/queries/regions/key-writers.ts";
export type { Provenance, ProvenanceQuery } from "./runtime/queries/regions/provenance.ts";
export { createRuntime } from "./runtime/door.ts";
