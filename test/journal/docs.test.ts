import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { z } from "zod";
import { CATALOGUE } from "../../src/journal/catalogue.ts";
import { runViewSchema } from "../../src/journal/run-view.ts";
import {
  ATTEMPT_STATUSES,
  BRANCH_ORIGINS,
  BRANCH_STATUSES,
  CONTAINER_KINDS,
  HELD_KINDS,
  RUN_STATUSES,
  STAGE_STATUSES,
  WAITING_KINDS,
} from "../../src/journal/status.ts";

const read = (name: string) => readFileSync(new URL(`../../docs/reference/${name}`, import.meta.url), "utf8");

/** Rows of all tables in a text, as cells. */
function rows(text: string): string[][] {
  return text
    .split("\n")
    .filter((line) => line.startsWith("| `") || /^\| [a-z]+ \| `/.test(line))
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

function words(cell: string | undefined): string[] {
  return [...(cell ?? "").matchAll(/`([^`]+)`/g)].map(([, word]) => word!);
}

function fieldsOf(schema: z.core.$ZodType): string[] {
  const { shape } = (schema as z.ZodObject)._zod.def;
  return Object.entries(shape).map(([key, field]) => {
    const { type } = field._zod.def as { type: string };
    return type === "optional" ? `${key}?` : key;
  });
}

/** The object that a path of field names leads to, through lists and absence. */
function objectAt(path: readonly string[]): z.core.$ZodType {
  let found: z.core.$ZodType = runViewSchema;
  for (const key of path) found = unwrap((found as z.ZodObject)._zod.def.shape[key]!);
  return found;
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  const def = schema._zod.def as { type: string; innerType?: z.core.$ZodType; element?: z.core.$ZodType };
  const inner = def.innerType ?? def.element;
  return inner ? unwrap(inner) : schema;
}

describe("docs/reference/events.md", () => {
  const text = read("events.md");
  const [reference, elsewhere] = text.split("## Names elsewhere") as [string, string];
  const documented = new Map(
    rows(reference)
      .filter(([type]) => type?.includes("."))
      .map(([type, , data]) => [words(type)[0]!, words(data)]),
  );

  it("has every type with its fields, and no other", () => {
    const expected = new Map(Object.entries(CATALOGUE).map(([type, schema]) => [type, fieldsOf(schema)]));
    expect([...documented.keys()].sort()).toEqual([...expected.keys()].sort());
    for (const [type, fields] of expected) expect([type, documented.get(type)?.sort()]).toEqual([type, fields.sort()]);
  });

  it("maps other names to types that are", () => {
    const types = rows(elsewhere)
      .flatMap(([, here]) => words(here))
      .filter((word) => word.includes("."));
    expect(types.length).toBeGreaterThan(30);
    for (const type of types) expect(Object.keys(CATALOGUE)).toContain(type);
  });

  it("maps every name of the specification and of the control plane", () => {
    for (const name of [
      "PipelineStarted",
      "PipelineCompleted",
      "PipelineFailed",
      "StageStarted",
      "StageCompleted",
      "StageFailed",
      "StageRetrying",
      "ParallelStarted",
      "ParallelBranchStarted",
      "ParallelBranchCompleted",
      "ParallelCompleted",
      "InterviewStarted",
      "InterviewCompleted",
      "InterviewTimeout",
      "CheckpointSaved",
      "RunPaused",
      "RunResumed",
      "RunCancelled",
      "ControlRejected",
    ]) {
      expect(elsewhere).toContain(`| \`${name}`);
    }
  });
});

describe("docs/reference/run-view.md", () => {
  const text = read("run-view.md");
  const sections = new Map(
    text
      .split(/^## /m)
      .slice(1)
      .map((section) => [section.slice(0, section.indexOf("\n")), section]),
  );

  it.each([...sections.keys()].filter((title) => title !== "Enumerations"))("has the fields of %s", (title) => {
    const path = title === "RunView" ? [] : title.split(".");
    const documented = rows(sections.get(title)!).map(([field]) => words(field)[0]);
    expect(documented).toEqual(fieldsOf(objectAt(path)));
  });

  it("describes every list of objects of the view", () => {
    for (const title of ["branches", "joins", "stages", "stages.attempts", "containers", "goalGates", "waitingOn"]) {
      expect([...sections.keys()]).toContain(title);
    }
  });

  it("has the enumerations as they are", () => {
    const documented = Object.fromEntries(rows(sections.get("Enumerations")!).map(([of, list]) => [of, words(list)]));
    expect(documented).toEqual({
      run: RUN_STATUSES,
      branch: BRANCH_STATUSES,
      origin: BRANCH_ORIGINS,
      stage: STAGE_STATUSES,
      attempt: ATTEMPT_STATUSES,
      waiting: WAITING_KINDS,
      held: HELD_KINDS,
      container: CONTAINER_KINDS,
    });
  });
});
