/** The text format of Prometheus. docs/reference/http.md lists the metrics. */
import { breathe } from "../../runtime/queries/journal-pages.ts";
import type { Api } from "../api.ts";
import type { Census } from "./census.ts";

interface Metric {
  readonly name: string;
  readonly kind: "gauge" | "counter";
  readonly help: string;
  /** Labels as they are written, and the value. */
  readonly samples: readonly (readonly [string, number])[];
}

export async function renderMetrics(api: Api): Promise<string> {
  const census = await api.census.take();
  const [stages, gates] = await Promise.all([countStages(api, census), api.store.read("gates", { open: true })]);
  const metrics = [
    gauge(
      "safepoint_runs",
      "Runs in the store, by status.",
      Object.entries(census.runs).map(([status, value]) => [`{status="${status}"}`, value]),
    ),
    gauge("safepoint_live_stages", "Stages of live runs that have not ended.", [["", stages]]),
    gauge("safepoint_open_gates", "Questions that wait for an answer.", [["", gates.length]]),
    counter("safepoint_entries_total", "Journal entries stored since this was first asked for.", [
      ["", census.entries],
    ]),
    counter("safepoint_commits_total", "Turns stored since this was first asked for.", [["", census.turns]]),
    gauge("safepoint_sse_clients", "Clients that follow events.", [["", api.feeds.clients]]),
    gauge("safepoint_sse_feeds", "Journals that are followed for them.", [["", api.feeds.open]]),
    counter("safepoint_http_requests_total", "Requests answered, by method and status.", [...api.requests].sort()),
    gauge("safepoint_process_resident_bytes", "Memory of this process.", [["", process.memoryUsage.rss()]]),
  ];
  return metrics.map(render).join("");
}

type Samples = readonly (readonly [string, number])[];

function gauge(name: string, help: string, samples: Samples): Metric {
  return { name, kind: "gauge", help, samples };
}

function counter(name: string, help: string, samples: Samples): Metric {
  return { name, kind: "counter", help, samples };
}

function render({ name, kind, help, samples }: Metric): string {
  const lines = samples.map(([labels, value]) => `${name}${labels} ${value}`);
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${kind}`, ...lines, ""].join("\n");
}

/** Actors of stages, as they are checkpointed. */
async function countStages({ store }: Api, { liveRuns }: Census): Promise<number> {
  let count = 0;
  for (const runId of liveRuns) {
    const actors = await store.read("checkpoints", { runId });
    count += actors.filter(({ actor }) => actor.startsWith("stage:")).length;
    await breathe();
  }
  return count;
}
