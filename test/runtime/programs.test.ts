/** A bounded slice of the random programs; all of them: `npm run test:soak -- programs`. */
import { expect, it } from "vitest";
import { findJoin } from "../../src/graph/join.ts";
import { lint, parsePipeline } from "../../src/index.ts";
import { randomProgram } from "../../src/testing/random-program.ts";
import { programSource } from "../../src/testing/random-program-dot.ts";
import { stepsOf } from "../../src/testing/random-program-tree.ts";
import { playProgram, repeatCommand } from "./programs-play.ts";

const SEEDS = 300;
const PER_TEST = 50;

it.each(Array.from({ length: SEEDS / PER_TEST }, (_, index) => index * PER_TEST + 1))(
  "whatever is done to a program of nested regions, it comes to what the rules say: seeds from %i",
  async (first) => {
    for (let seed = first; seed < first + PER_TEST; seed += 1) {
      const { problems, deeds } = await playProgram(seed);
      expect(problems, `${deeds.join("\n")}\nagain: ${repeatCommand(seed)}`).toEqual([]);
    }
  },
);

it("a program that is left alone comes to what the rules say", async () => {
  for (let seed = 1; seed <= 60; seed += 1) {
    const { problems } = await playProgram(seed, { isLeftAlone: true });
    expect(problems, repeatCommand(seed)).toEqual([]);
  }
});

it("the same seed gives the same journal, byte for byte", async () => {
  for (const seed of [3, 11, 42]) {
    const first = await playProgram(seed);
    const second = await playProgram(seed);
    expect(first.journal.length).toBeGreaterThan(0);
    expect(second.journal).toBe(first.journal);
  }
});

it("a database makes no difference: the same journal, and sound in every row", async () => {
  for (let seed = 301; seed <= 360; seed += 1) {
    const inMemory = await playProgram(seed);
    const { problems, journal } = await playProgram(seed, { isInDatabase: true });
    expect(problems, repeatCommand(seed, { isInDatabase: true })).toEqual([]);
    expect(journal).toBe(inMemory.journal);
  }
});

it("programs have no lint errors, and among them is everything that there is to try", () => {
  const seen = new Set<string>();
  for (let seed = 1; seed <= 200; seed += 1) {
    const program = randomProgram(seed);
    const source = programSource(program);
    expect(programSource(randomProgram(seed))).toBe(source);
    const graph = parsePipeline(source);
    const errors = lint(graph, { types: new Set(["work"]) }).filter(({ severity }) => severity === "error");
    expect(errors, source).toEqual([]);
    for (const { id, type } of graph.nodes) if (type === "parallel") seen.add(`join by ${findJoin(graph, id).rule}`);
    for (const step of stepsOf(program.main)) {
      seen.add(step.kind);
      if (step.kind === "work" && step.retryTarget !== undefined) seen.add("sent back");
      if (step.kind === "parallel") seen.add(`${step.policy} ${step.errorPolicy}`).add(step.merge);
      if (step.kind === "foreach") seen.add(step.onItemFailure).add(step.maxParallel > 1 ? "several" : "one by one");
      if (step.kind === "loop") seen.add(step.test.how).add(`limit: ${step.onLimit}`);
    }
  }
  const policies = ["wait_all", "all_success", "first_success", "k_of_n", "quorum", "any"];
  const words = [
    ...["work", "diamond", "choice", "cycle", "leave", "sent back", "gate", "wait", "parallel", "foreach", "loop"],
    ...policies.flatMap((policy) => ["continue", "fail_fast", "ignore"].map((error) => `${policy} ${error}`)),
    ...["none", "namespaced", "overlay", "stop", "continue", "several", "one by one"],
    ...["while", "until", "limit: fail", "limit: succeed"],
    ...["attribute", "fan_in", "post_dominator", "common_exit", "none"].map((rule) => `join by ${rule}`),
  ];
  expect([...seen].sort()).toEqual(words.toSorted());
});
