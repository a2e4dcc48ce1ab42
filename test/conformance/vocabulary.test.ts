/** The vocabulary has every name of the library, the command line and HTTP, and no name that there is not. */
import type { Node } from "typescript/unstable/ast";
import { SyntaxKind } from "typescript/unstable/ast";
import { describe, expect, it } from "vitest";
import { COMMANDS } from "../../src/cli/command-table.ts";
import { createProgram } from "../../src/cli/program.ts";
import * as library from "../../src/index.ts";
import * as inspect from "../../src/inspect/index.ts";
import { documentedPath } from "../../src/server/api/operation.ts";
import * as server from "../../src/server/index.ts";
import { OPERATIONS } from "../../src/server/operations.ts";
import {
  answerBody,
  cancelBody,
  continueBody,
  forkBody,
  pauseBody,
  steerBody,
} from "../../src/server/schemas/control.ts";
import { fakeIo } from "../cli/fake-io.ts";
import { readSource } from "../tidy/sources.ts";
import { nodesOf, parseSources } from "../tidy/syntax.ts";
import { tableRows } from "../tidy/tables.ts";

const NONE = "—";
const [, asked = "", told = ""] = readSource("docs/reference/vocabulary.md").text.split(/^## /m);
const [api] = parseSources([readSource("src/runtime/api.ts")]);
const program = createProgram(fakeIo({ cwd: "/nowhere" }));
await program.loadAll();

interface Row {
  readonly what: string;
  readonly library: readonly string[];
  readonly cli: readonly string[];
  readonly http: readonly string[];
  readonly why: string;
}

function namesIn(cell = ""): string[] {
  const names = cell.replaceAll("`", "");
  return names === NONE || names === "" ? [] : names.split(", ");
}

const rows: readonly Row[] = tableRows(asked).map(([what = "", lib, cli, http, , why = ""]) => {
  return { what, library: namesIn(lib), cli: namesIn(cli), http: namesIn(http), why };
});

/** Names of what an interface of `runtime/api.ts` has. */
function membersOf(name: string): string[] {
  type Named = Node & { readonly name?: Node & { readonly text?: string } };
  for (const node of api ? nodesOf(api.tree) : []) {
    if (node.kind !== SyntaxKind.InterfaceDeclaration || (node as Named).name?.text !== name) continue;
    const { members } = node as Named & { readonly members: readonly Named[] };
    return members.flatMap((member) => member.name?.text ?? []);
  }
  throw new Error(`src/runtime/api.ts has no interface ${name}`);
}

const optionsOf = (command: string) =>
  program.command.commands.find((each) => each.name() === command)?.options.map(({ long }) => long) ?? [];

describe("what can be asked", () => {
  it("has everything that a runtime and a run can do", () => {
    const known = [
      ...membersOf("Runtime").map((name) => `runtime.${name}`),
      ...membersOf("Run").map((name) => `run.${name}`),
    ];
    const named = rows.flatMap((row) => row.library);
    const ofObjects = new Set(named.filter((name) => name.includes(".")));
    expect([...ofObjects].toSorted()).toEqual(known.toSorted());
  });

  it("has every function that the library exports but what belongs to its types, and none that it does not", () => {
    const exported = Object.entries({ ...library, ...inspect, ...server })
      .filter(([name, value]) => typeof value === "function" || name === "statecharts")
      .map(([name]) => name);
    const named = new Set(rows.flatMap((row) => row.library).filter((name) => !name.includes(".")));
    expect(exported.filter((name) => !named.has(name)).toSorted()).toEqual(OF_TYPES.toSorted());
    expect([...named].filter((name) => !exported.includes(name))).toEqual([]);
  });

  it("has every command, and only options that it has", () => {
    const words = rows.flatMap((row) => row.cli).map((each) => each.split(" "));
    expect([...new Set(words.map(([command]) => command))].toSorted()).toEqual(
      COMMANDS.map(({ name }) => name).toSorted(),
    );
    for (const [command = "", option] of words) if (option) expect(optionsOf(command), command).toContain(option);
  });

  it("has every operation, and only query parameters that it has", () => {
    const operations = OPERATIONS.map(
      (row) => [`${row.method.toUpperCase()} ${documentedPath(row).path}`, row] as const,
    );
    const named = rows.flatMap((row) => row.http).map((each) => each.split("?"));
    expect([...new Set(named.map(([path]) => path))].toSorted()).toEqual(operations.map(([path]) => path).toSorted());
    for (const [path = "", parameter] of named) {
      if (parameter === undefined) continue;
      const row = operations.find(([each]) => each === path)?.[1];
      expect(Object.keys(row?.query?.shape ?? {}), path).toContain(parameter);
    }
  });

  it.each(rows.map((row) => [row.what, row] as const))("%s: by every way, or with a reason", (_what, row) => {
    const ways = [row.library, row.cli, row.http].filter((names) => names.length > 0);
    expect(ways.length).toBeGreaterThan(0);
    expect(row.why === "").toBe(ways.length === 3);
  });
});

/** Errors, what reads them, and what folds a journal: of what is answered, rather than asked. */
const OF_TYPES = [
  "InvariantError",
  "RetryableError",
  "SafepointError",
  "TerminalError",
  "fold",
  "isSafepointError",
  "parseEntry",
  "readChart",
];

describe("what a command may be told", () => {
  const words = tableRows(told).map(([what = "", of = "", lib, cli, http, why = ""]) => {
    return { what, of: of.split(", "), library: namesIn(lib), cli: namesIn(cli), http: namesIn(http), why };
  });
  const BODIES = {
    pause: pauseBody,
    continue: continueBody,
    cancel: cancelBody,
    steer: steerBody,
    answer: answerBody,
    fork: forkBody,
  };
  const VERBS = Object.keys(BODIES) as (keyof typeof BODIES)[];
  const OPTIONS = { pause: "PauseOptions", continue: "ContinueOptions", cancel: "CancelOptions" } as const;
  /** Said as arguments on the command line, and as arguments of the call. */
  const SUBJECTS = new Set(["message of steer", "answer of answer"]);
  /** Of the command for many runs. */
  const BULK = new Set(["--all", "--label", "--status", "--dry-run"]);

  const of = (verb: string) =>
    words.filter((word) => word.of.includes(verb) || (word.of.includes("all") && verb !== "fork"));

  it.each(VERBS)("%s: every word that it takes, by whichever way", (verb) => {
    const own = verb in OPTIONS ? membersOf(OPTIONS[verb as keyof typeof OPTIONS]) : [];
    const inLibrary = verb === "fork" ? membersOf("ForkOptions") : [...own, ...membersOf("CommandOptions")];
    expect(
      of(verb)
        .flatMap((word) => word.library)
        .toSorted(),
    ).toEqual(inLibrary.toSorted());
    const onLine = optionsOf(verb).filter((long) => verb === "fork" || !BULK.has(long ?? ""));
    expect(
      of(verb)
        .flatMap((word) => word.cli)
        .toSorted(),
    ).toEqual(onLine.toSorted());
    const { shape } = BODIES[verb];
    const overHttp = Object.keys(shape).filter((name) => !SUBJECTS.has(`${name} of ${verb}`));
    expect(
      of(verb)
        .flatMap((word) => word.http)
        .toSorted(),
    ).toEqual(overHttp.toSorted());
  });

  it.each(words.map((word) => [word.what, word] as const))("%s: by every way, or with a reason", (_what, word) => {
    const isEverywhere = [word.library, word.cli, word.http].every((names) => names.length > 0);
    expect(word.why === "").toBe(isEverywhere);
  });
});
