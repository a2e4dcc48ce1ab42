/** A course of three chapters. Each is written in rounds, until its readers have nothing more to say. */
import { definePipeline } from "safepoint";

export interface Course {
  readonly chapters: readonly string[];
  readonly readers: readonly string[];
  /** Called for every reading, before it ends. */
  read(place: string): Promise<void>;
}

/** Three containers within one another: chapters, rounds of a chapter, readers of a round. */
export function createCourse({ chapters, readers, read }: Course) {
  return definePipeline("course", (p) => {
    p.graph({ goal: "A course that its readers understand" });
    p.chain(p.start(), "chapters", p.exit());
    p.foreach("chapters", { items: chapters, body: "chapter", collect: "rounds" });

    p.body("chapter", (chapter) => {
      chapter.chain(
        chapter.task("begin", ({ context }) => ({
          status: "success",
          contextUpdates: { chapter: context.get("work.item") ?? "", rounds: 0 },
        })),
        chapter.loop("rounds", { body: "round", until: "approved=true", max_iterations: 5 }),
      );
    });

    p.body("round", (round) => {
      round.chain(
        round.task("write", ({ context }) => ({
          status: "success",
          contextUpdates: { rounds: Number(context.get("rounds")) + 1 },
        })),
        round.foreach("readers", { items: readers, body: "reading", collect: "remarks" }),
        round.task("judge", ({ context }) => {
          const readings = context.get("foreach.readers.results") as readonly { readonly value: number }[];
          return {
            status: "success",
            contextUpdates: { approved: readings.every(({ value }) => value === 0) },
          };
        }),
      );
    });

    p.body("reading", (reading) => {
      reading.task("read", async ({ context }) => {
        const round = Number(context.get("rounds"));
        await read(`${context.get("chapter")}, round ${round}, ${context.get("work.item")}`);
        // Longer chapters need another round.
        const remarks = Math.max(0, String(context.get("chapter")).length - 3 * round);
        return { status: "success", contextUpdates: { remarks } };
      });
    });
  });
}
