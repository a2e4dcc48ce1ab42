/** Small pipelines with cycles, conditionals, retries and goal gates, and what their stages will say, by chance. */
import fc from "fast-check";
import type { HandlerInput, Outcome } from "../../src/index.ts";

const WORDS = ["success", "fail", "retry", "partial_success", "skipped", "odd"] as const;

export interface Program {
  readonly source: string;
  /** Follows from stage and attempt alone, so that an execution that is repeated says the same. */
  readonly outcomeOf: (input: Pick<HandlerInput, "node" | "visit" | "attempt">) => Outcome;
}

interface Draft {
  readonly nodes: readonly { readonly shape: "step" | "conditional" | "wait"; readonly attributes: string }[];
  readonly edges: readonly { readonly from: number; readonly to: number; readonly condition: string }[];
  readonly says: readonly number[];
}

const node = fc.record({
  shape: fc.constantFrom("step" as const, "step" as const, "step" as const, "conditional" as const, "wait" as const),
  attributes: fc.constantFrom(
    ...["", "max_retries=2", "goal_gate=true, retry_target=n0", "allow_partial=true, max_retries=1", "retry_target=n1"],
  ),
});
const edge = (count: number) =>
  fc.record({
    from: fc.nat(count - 1),
    to: fc.nat(count - 1),
    condition: fc.constantFrom("outcome=fail", "outcome=success", "context.sum>3", "outcome=odd", "context.last=n0"),
  });

const draft: fc.Arbitrary<Draft> = fc.integer({ min: 2, max: 6 }).chain((count) =>
  fc.record({
    nodes: fc.array(node, { minLength: count, maxLength: count }),
    edges: fc.array(edge(count), { maxLength: 5 }),
    says: fc.array(fc.nat(WORDS.length + 5), { minLength: 30, maxLength: 30 }),
  }),
);

export const program: fc.Arbitrary<Program> = draft.map(build);

function build({ nodes, edges, says }: Draft): Program {
  const lines = nodes.map(({ shape, attributes }, index) => `n${index} [${describeNode(shape, attributes)}]`);
  const spine = ["start", ...nodes.map((_, index) => `n${index}`), "exit"].join(" -> ");
  const more = edges.map(({ from, to, condition }) => `n${from} -> n${to} [condition="${condition}"]`);
  const source = `digraph random {
    graph [max_visits=4]
    node [type=step]
    start [shape=Mdiamond, type=start]; exit [shape=Msquare, type=exit]
    ${[...lines, spine, ...more].join("\n    ")}
  }`;
  return {
    source,
    outcomeOf({ node: { id }, visit, attempt }) {
      const place = Number(id.slice(1)) * 7 + visit * 3 + attempt;
      // Mostly successes: else nothing goes far.
      const status = WORDS[says[place % says.length] ?? 0] ?? "success";
      return { status, contextUpdates: { sum: place % 6, last: id, [`seen.${id}`]: [visit, attempt] } };
    },
  };
}

function describeNode(shape: "step" | "conditional" | "wait", attributes: string): string {
  if (shape === "conditional") return "shape=diamond, type=conditional";
  if (shape === "wait") return 'type=wait, duration="5s"';
  return attributes === "" ? "type=step" : `type=step, ${attributes}`;
}
