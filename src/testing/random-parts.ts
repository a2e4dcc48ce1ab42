/** The parts that random pipelines are made of: each is entered at the node of its name and leads to `next`. */
import type { Script, ScriptedCall } from "./scripted-handlers.ts";
import type { SeededRandom } from "./seeded-random.ts";

export interface PartContext {
  readonly random: SeededRandom;
  readonly name: string;
  readonly next: string;
  /** Where the pipeline begins; goal gates send back to it. */
  readonly first: string;
}

export interface Part {
  readonly lines: readonly string[];
  readonly script: Script;
  readonly answers?: Readonly<Record<string, string>>;
}

type PartOf = (context: PartContext) => Part;

/** How it takes being asked to stop: mostly well. Longer than any grace is a handler that is abandoned. */
function manners(random: SeededRandom): Pick<ScriptedCall, "durationMs" | "onAbort"> {
  const durationMs = random.pick([0, 0, 5, 40, 400]);
  const onAbort = random.pick(["heed", "heed", "heed", "ignore"] as const);
  return random.chance(0.05) ? { durationMs: 20_000, onAbort: "ignore" } : { durationMs, onAbort };
}

const wrote = (status: string, name: string, value: number) => ({ status, contextUpdates: { [`did.${name}`]: value } });

const step: PartOf = ({ random, name, next }) => ({
  lines: [`${name} [type=work]`, `${name} -> ${next}`],
  script: { [name]: { ...manners(random), outcome: wrote("success", name, random.integer(100)) } },
});

/** Goes one of two ways, by the outcome itself or by what it wrote. */
const fork: PartOf = ({ random, name, next }) => {
  const way = random.pick(["success", "fail", "odd"]);
  const condition = random.chance(0.5) ? `outcome=${way}` : `context.way.${name}=${way}`;
  const outcome = { status: way, contextUpdates: { [`way.${name}`]: way } };
  return {
    lines: [
      `${name} [type=work]`,
      `${name}_a [type=work]`,
      `${name}_b [type=work]`,
      `${name} -> ${name}_a [condition="${condition}"]`,
      `${name} -> ${name}_b`,
      `${name}_a -> ${next}`,
      `${name}_b -> ${next}`,
    ],
    script: { [name]: { ...manners(random), outcome }, [`${name}_a`]: manners(random) },
  };
};

/** A stage that fails or succeeds into a diamond, which routes by what it carries. */
const diamond: PartOf = ({ random, name, next }) => ({
  lines: [
    `${name} [type=work]`,
    `${name}_d [shape=diamond]`,
    `${name}_f [type=work]`,
    `${name} -> ${name}_d`,
    `${name}_d -> ${name}_f [condition="outcome=fail"]`,
    `${name}_d -> ${next} [condition="outcome!=fail"]`,
    `${name}_f -> ${next}`,
  ],
  script: { [name]: { ...manners(random), outcome: random.pick(["success", "fail", "partial_success"]) } },
});

/** Goes round until its visits say `done`; sometimes one visit more than is allowed. */
const cycle: PartOf = ({ random, name, next }) => {
  const rounds = random.between(1, 3);
  const allowed = random.chance(0.1) ? rounds : 50;
  const again: Record<string, ScriptedCall> = {};
  for (let visit = 1; visit <= rounds; visit += 1) {
    again[`${name}@${visit}`] = { ...manners(random), outcome: wrote("again", name, visit) };
  }
  return {
    lines: [
      `${name} [type=work, max_visits=${allowed}]`,
      `${name}_body [type=work]`,
      `${name} -> ${name}_body [condition="outcome=again"]`,
      `${name} -> ${next}`,
      `${name}_body -> ${name}`,
    ],
    script: { ...again, [name]: { outcome: "done" }, [`${name}_body`]: manners(random) },
  };
};

/** Fails a goal once, and is sent back to where the pipeline begins. */
const goal: PartOf = ({ random, name, next, first }) => ({
  lines: [
    `${name} [type=work, goal_gate=true, retry_target=${first}]`,
    `${name} -> ${next} [condition="outcome=success"]`,
    `${name} -> ${next} [condition="outcome=fail"]`,
  ],
  script: {
    [`${name}@1`]: { ...manners(random), outcome: random.pick(["success", "fail"]) },
    [name]: { ...manners(random), outcome: wrote("success", name, 1) },
  },
});

/** Is tried again after a back-off, by its own word or because it threw; seldom in vain. */
const retry: PartOf = ({ random, name, next }) => {
  const failing = random.between(1, 2);
  const attempts = random.chance(0.15) ? failing : failing + 1;
  const bad = (): ScriptedCall => ({
    ...manners(random),
    ...random.pick<Partial<ScriptedCall>>([
      { outcome: { status: "retry", contextUpdates: { [`lost.${name}`]: true } } },
      { throws: "error" },
      { throws: "retryable", retryAfterMs: 300 },
    ]),
  });
  const calls = [...Array.from({ length: failing }, bad), { ...manners(random), outcome: wrote("success", name, 1) }];
  const allow = random.chance(0.5) ? ", allow_partial=true" : "";
  const policy = random.pick(["standard", "linear", "aggressive"]);
  return {
    lines: [
      `${name} [type=work, max_retries=${attempts - 1}, retry_policy=${policy}${allow}]`,
      `${name} -> ${next} [condition="outcome!=fail"]`,
      `${name} -> ${name}_f [condition="outcome=fail"]`,
      `${name}_f [type=work]`,
      `${name}_f -> ${next}`,
    ],
    script: { [name]: calls, [`${name}_f`]: manners(random) },
  };
};

/** Takes too long the first time. Late it says `fail`: a success after a pause's signal would count. */
const timeOut: PartOf = ({ random, name, next }) => ({
  lines: [`${name} [type=work, timeout="200ms", max_retries=1, retry_policy=linear]`, `${name} -> ${next}`],
  script: {
    [name]: [
      { durationMs: 1_000, onAbort: random.pick(["heed", "heed", "ignore"] as const), outcome: "fail" },
      { durationMs: random.pick([0, 50]), outcome: wrote("success", name, 2) },
    ],
  },
});

const wait: PartOf = ({ random, name, next }) => ({
  lines: [`${name} [shape=insulator, duration="${random.pick([50, 400, 10_000])}ms"]`, `${name} -> ${next}`],
  script: {},
});

const gate: PartOf = ({ random, name, next }) => ({
  lines: [
    `${name} [shape=hexagon, label="go on?"]`,
    `${name}_a [type=work]`,
    `${name} -> ${name}_a [label="[A] approve"]`,
    `${name} -> ${next} [label="[S] skip"]`,
    `${name}_a -> ${next}`,
  ],
  script: { [`${name}_a`]: manners(random) },
  answers: { [name]: random.pick(["A", "S"]) },
});

const gateWithDeadline: PartOf = ({ random, name, next }) => ({
  lines: [
    `${name} [shape=hexagon, label="go on?", human.timeout="${random.pick([100, 700])}ms", human.default_choice="S"]`,
    `${name}_a [type=work]`,
    `${name} -> ${name}_a [label="[A] approve"]`,
    `${name} -> ${next} [label="[S] skip"]`,
    `${name}_a -> ${next}`,
  ],
  script: {},
});

/** A crash leaves its outcome unknown, and a person is asked. */
const asking: PartOf = ({ random, name, next }) => ({
  lines: [`${name} [type=work, on_interrupt=ask]`, `${name} -> ${next}`],
  script: { [name]: { durationMs: random.pick([40, 400]), outcome: wrote("success", name, 1) } },
});

const failing: PartOf = ({ random, name, next }) => ({
  lines: [`${name} [type=work]`, `${name} -> ${next} [condition="outcome=success"]`],
  script: { [name]: { ...manners(random), throws: "terminal" } },
});

export const PLAIN_PARTS: readonly PartOf[] = [step, step, step, fork, diamond, cycle];
export const TIMED_PARTS: readonly PartOf[] = [
  ...[retry, retry, retry, timeOut, timeOut, wait, wait, gate, gate, gateWithDeadline, goal, asking],
  failing,
];
