/** Runs the course, pauses it twice within one round of one chapter, and continues. `node main.ts` */
import { createRuntime, type Run, type RunView } from "safepoint";
import { createCourse } from "./course.ts";

const PAUSE_AT = ["pausing, round 1, Ada", "pausing, round 1, Grace"];
const readings: string[] = [];

const course = createCourse({
  chapters: ["why", "pausing", "crash"],
  readers: ["Ada", "Grace", "Edsger"],
  async read(place) {
    readings.push(place);
    // Accepted while this reading is at work; the run is paused when it has ended.
    if (PAUSE_AT.includes(place)) await (await started).pause();
  },
});

const runtime = await createRuntime();
const started: Promise<Run> = runtime.start(course, { runId: "course" });
const run = await started;

for (const place of PAUSE_AT) {
  const view = await run.settled("paused");
  console.log(`paused during "${place}", after ${readings.length} readings`);
  console.log(`  ${framesOf(view).join(" › ")}`);
  await run.continue();
}

const { status } = await run.finished();
const chapters = (await run.context())["foreach.chapters.results"] as readonly { readonly value: number }[];
console.log(`${status}: ${chapters.map(({ value }) => value).join(", ")} rounds`);
console.log(`${readings.length} readings, ${new Set(readings).size} of them different`);
await runtime.stop();

/** Where the innermost branch is in each of its containers. */
function framesOf({ branches }: RunView): string[] {
  const live = branches.filter(({ status }) => status === "paused");
  const innermost = live.toSorted((a, b) => b.path.length - a.path.length)[0];
  return (innermost?.frames ?? []).map(
    ({ container, iteration, completed }) => `${container}[${iteration}], ${completed} done`,
  );
}
