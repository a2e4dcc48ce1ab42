import fc from "fast-check";
import { expect, it } from "vitest";
import type { Attributes } from "../../src/graph/graph.ts";
import { decideRoute, type Route } from "../../src/graph/routing.ts";
import { handMade } from "./hand-made.ts";

const ID = fc.constantFrom("a", "b", "c", "d", "cond", "exit");
const EDGE_ATTRIBUTES: fc.Arbitrary<Attributes> = fc.record(
  {
    condition: fc.constantFrom(
      "outcome=success",
      "outcome=fail",
      "outcome!=success",
      "context.n > 2",
      "flag",
      "true",
      "false",
      "&&",
    ),
    weight: fc.integer({ min: -2, max: 2 }),
    label: fc.constantFrom("[Y] Yes", "yes", "No", "N) no"),
    loop_restart: fc.boolean(),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<Attributes>;
const EDGES = fc.array(fc.tuple(fc.constant("a"), ID, EDGE_ATTRIBUTES), { maxLength: 8 });
const NODE = fc.record(
  { type: fc.constantFrom("codergen", "conditional", "parallel", "wait.human", "exit"), retry_target: ID },
  { requiredKeys: ["type"] },
);
const OUTCOME = fc.record(
  {
    status: fc.constantFrom("success", "partial_success", "fail", "retry", "skipped", "custom"),
    preferredLabel: fc.constantFrom("", "Yes", "no", "other"),
    suggestedNextIds: fc.array(ID, { maxLength: 3 }),
  },
  { requiredKeys: ["status"] },
);
const CONTEXT = fc.record({ n: fc.integer({ min: 0, max: 5 }), flag: fc.boolean() });

const CASE = fc.record({ edges: EDGES, node: NODE, outcome: OUTCOME, context: CONTEXT, mainPath: fc.boolean() });

type Case = typeof CASE extends fc.Arbitrary<infer T> ? T : never;

function decide({ edges, node, outcome, context, mainPath }: Case): Route {
  const nodes = { a: node, cond: { type: "conditional" }, b: {}, c: {}, d: {}, exit: {} };
  const graph = handMade({ nodes, edges, attributes: { retry_target: "b" } });
  const read = (key: string) => (context as Record<string, number | boolean>)[key];
  return decideRoute({ graph, node: "a", outcome, read, mainPath });
}

/** What a route says without the places of edges in the file. */
function meaning(route: Route): unknown {
  if (route.kind === "end") return route;
  const candidates = route.candidates.map(({ edge: _edge, ...rest }) => rest);
  if (route.kind !== "edge") return { ...route, candidates };
  return { kind: route.kind, rule: route.rule, to: route.edge.to, attributes: route.edge.attributes, candidates };
}

it("is total and deterministic, and does not depend on the order of the edges in the file", () => {
  fc.assert(
    fc.property(CASE, fc.infiniteStream(fc.nat()), (given, chances) => {
      const found = decide(given);
      expect(decide(given)).toEqual(found);
      const ranked = given.edges.map((edge) => ({ edge, rank: chances.next().value as number }));
      const shuffled = ranked.toSorted((one, other) => one.rank - other.rank).map(({ edge }) => edge);
      expect(meaning(decide({ ...given, edges: shuffled }))).toEqual(meaning(found));
    }),
    { numRuns: 1_500 },
  );
});

it("a failed stage leaves by a true condition, to a conditional, to a retry target, or not at all", () => {
  fc.assert(
    fc.property(CASE, (given) => {
      fc.pre(given.node.type !== "conditional" && given.node.type !== "exit");
      const found = decide({ ...given, outcome: { ...given.outcome, status: "fail" } });
      if (found.kind === "edge") {
        expect(found.rule === "condition" || (found.rule === "fail_to_conditional" && found.edge.to === "cond")).toBe(
          true,
        );
      } else if (found.kind === "jump") {
        expect(found.target).not.toBe("exit");
      } else {
        expect(found).toMatchObject({ kind: "fail", code: "stage_failed" });
      }
    }),
    { numRuns: 1_000 },
  );
});

it("the edge taken leaves the node, is among the candidates, and its condition held", () => {
  fc.assert(
    fc.property(CASE, (given) => {
      const found = decide(given);
      if (found.kind !== "edge") return;
      expect(found.edge.from).toBe("a");
      const chosen = found.candidates.find((candidate) => candidate.edge === found.edge.index);
      expect(chosen?.to).toBe(found.edge.to);
      expect(chosen?.result).toBe(found.rule === "condition" ? true : undefined);
    }),
    { numRuns: 1_000 },
  );
});
