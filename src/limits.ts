/** Every limit of Safepoint, by name. A test compares this file with docs/reference/limits.md. Bytes, ms or counts, as the name says. */

export const SOURCE_BYTES_MAX = 5 * 1024 * 1024;
export const NODES_MAX = 20_000;
export const EDGES_MAX = 100_000;
/** Attributes of all nodes and edges of a pipeline together, inherited ones counted wherever they arrive. */
export const ATTRIBUTES_MAX = 2_000_000;
/** Pipelines of child runs, with those of theirs, that a run pins when it starts. */
export const CHILD_PIPELINES_MAX = 256;
/** Of a child run's id; a longer one is shortened by a hash. Characters. */
export const CHILD_RUN_ID_CHARS_MAX = 240;
/** Nesting of subgraphs in a pipeline's text and of parentheses in a condition. */
export const NESTING_MAX = 100;

/** Routing hops of one turn; the rest goes on as an internal input. */
export const TURN_HOPS_MAX = 64;
/** Actors a turn may touch. */
export const TURN_ACTORS_MAX = 256;
/** Ends of executions that one turn takes. */
export const TURN_ENDS_MAX = 32;
/** Times an input may break a turn before it is set aside. */
export const INPUT_FAILURES_MAX = 3;

export const VISITS_MAX_DEFAULT = 1000;
/** Goal-gate redirects and retry targets of one scope together. */
export const REDIRECTS_MAX = 5;
export const RESTARTS_MAX_DEFAULT = 50;
/** Crash interruptions of one attempt in a row before a person is asked. */
export const CRASH_INTERRUPTIONS_MAX = 3;
export const LOOP_ITERATIONS_MAX_DEFAULT = 100;
export const PARALLEL_MAX_DEFAULT = 4;
/** Between two looks of a supervisor at its child run. */
export const MANAGER_POLL_MS_DEFAULT = 45_000;
/** Looks of a supervisor at its child run before it gives it up. */
export const MANAGER_CYCLES_MAX_DEFAULT = 1000;
export const BRANCH_DEPTH_MAX = 32;

export const ABORT_GRACE_MS = 5_000;
/** How much longer than its grace an execution may take before it is abandoned. */
export const ABANDON_MARGIN_MS = 1_000;
export const STOP_GRACE_MS = 10_000;
/** The longest wait between two tries of a turn that the store did not take. */
export const STORE_RETRY_MS_MAX = 5_000;
export const LEASE_MS = 15_000;
export const LEASE_RENEW_MS = 5_000;
export const COMMAND_TIMEOUT_MS = 10_000;
/** Of a command's id, and of the name of whoever gives it. */
export const COMMAND_NAME_CHARS_MAX = 256;
/** Of the reason that a command is given for. */
export const COMMAND_REASON_CHARS_MAX = 4_096;
export const WATCH_INTERVAL_MS = 50;
/** How soon after a change of the store its inbox is looked at. */
export const INBOX_LOOK_MS = 20;
export const STORE_BUSY_TIMEOUT_MS = 20;
export const STORE_BUSY_PATIENCE_MS = 10_000;
/** Turns that share one transaction at most. */
export const COMMIT_TURNS_MAX = 256;

/** Values larger than this are stored as blobs and referred to. */
export const INLINE_VALUE_BYTES_MAX = 64 * 1024;
export const OUTPUT_CHUNK_BYTES_MAX = 64 * 1024;
export const OUTPUT_CHUNK_MS = 250;
/** Of each stream of an execution that is told while it runs. */
export const OUTPUT_TAIL_BYTES_MAX = 64 * 1024;
/** What of a tool's output reaches the context key `tool.output`. Characters. */
export const TOOL_OUTPUT_CHARS_MAX = 16_384;
/** What of a response reaches the context key `last_response`. Characters. */
export const LAST_RESPONSE_CHARS_MAX = 200;
/** Of the notes of an outcome; beyond it the middle is left out. Characters. */
export const NOTES_CHARS_MAX = 16_384;
/** Of a failure reason; beyond it the middle is left out. Characters. */
export const FAILURE_REASON_CHARS_MAX = 4_096;
/** What of each stream of a tool becomes an artifact; beyond it the middle is left out. Bytes. */
export const TOOL_ARTIFACT_BYTES_MAX = 1024 * 1024;
/** Of what a fan-in with a prompt tells of one branch; beyond it the middle is left out. Characters. */
export const FAN_IN_CANDIDATE_CHARS_MAX = 4_096;
/** A message that steers a run. Characters. */
export const STEER_MESSAGE_CHARS_MAX = 16_384;
/** A status.json that an agent may leave. Bytes. */
export const STATUS_FILE_BYTES_MAX = 1024 * 1024;
export const CONCURRENT_RUNS_MAX_DEFAULT = 256;
export const LIST_ITEMS_MAX = 100;
export const MACHINE_SNAPSHOT_INTERVAL_MS = 100;
/** The longest text a `matches` condition looks at. Characters. */
export const MATCHES_INPUT_CHARS_MAX = 1_000_000;
/** Steps of actors that wait for one subscriber of the inspection feed, where it says nothing else. */
export const INSPECTIONS_KEPT_MAX = 1_000;
/** Of those steps that wait for one client that has them over HTTP; the oldest are dropped. */
export const INSPECTIONS_BYTES_MAX = 4 * 1024 * 1024;
/** Newest of those steps that the dashboard lists. */
export const INSPECTIONS_LISTED_MAX = 500;
/** Pages of Stately Inspector that follow one bridge. */
export const STATELY_PAGES_MAX = 16;
/** Journal entries one read returns at most. */
export const JOURNAL_PAGE_MAX = 10_000;

export const SERVER_PORT_DEFAULT = 7331;
/** How long the headers of one HTTP request may take to arrive. */
export const HTTP_HEADERS_MS_MAX = 10_000;
/** Of the body of one HTTP request. */
export const HTTP_BODY_BYTES_MAX = 5 * 1024 * 1024;
/** How long the body of one HTTP request may take to arrive. */
export const HTTP_BODY_MS_MAX = 20_000;
/** Lists and objects within one another in the body of an HTTP request. */
export const JSON_NESTING_MAX = 100;
/** Entries of one page of a journal over HTTP. */
export const EVENTS_PAGE_MAX = 1_000;
export const SSE_HEARTBEAT_MS = 15_000;
/** What a client of a stream is told to wait before it connects again. */
export const SSE_RETRY_MS = 2_000;
/** Clients that follow events at once. */
export const SSE_CLIENTS_MAX = 1_000;
/** Sent to a client of a stream at once, unless one entry alone is larger. */
export const SSE_CHUNK_BYTES_MAX = 64 * 1024;
/** How long a client of a stream may leave what it was sent unread before it is closed. */
export const SSE_STALL_MS = 60_000;
/** Newest entries that the clients of one stream share; whoever is further behind reads the store. */
export const FEED_ENTRIES_MAX = 4_096;
export const FEED_BYTES_MAX = 4 * 1024 * 1024;
/** Nodes of a pipeline that Graphviz is asked to draw: beyond, it takes minutes and gigabytes. */
export const DRAWN_NODES_MAX = 2_000;
/** How long a webhook may take to answer. */
export const WEBHOOK_TIMEOUT_MS = 10_000;
/** Before a webhook is told a second time; each further wait is twice as long, up to the next. */
export const WEBHOOK_BACKOFF_MS = 1_000;
export const WEBHOOK_BACKOFF_MS_MAX = 600_000;
/** Times that a webhook is told the same before it is given up: with the waits between them about two and a half hours. */
export const WEBHOOK_TRIES_MAX = 25;
