import { MANAGER_CYCLES_MAX_DEFAULT, MANAGER_POLL_MS_DEFAULT } from "../limits.ts";
import { durationAttribute, integerAttribute, textAttribute } from "./attribute-reading.ts";
import { type Condition, parseCondition } from "./conditions.ts";
import type { GraphNode } from "./graph.ts";

/** What a supervisor does when it looks at its child. It waits between two looks whether that is said or not. */
export const MANAGER_ACTIONS = ["observe", "wait", "steer"] as const;
export type ManagerAction = (typeof MANAGER_ACTIONS)[number];

export interface ManagerSettings {
  readonly actions: ReadonlySet<string>;
  /** Run time between two looks, ms. */
  readonly pollMs: number;
  /** Looks after which it gives its child up. */
  readonly maxCycles: number;
  /** Over the context of its branch: its child has done enough. */
  readonly stop?: { readonly text: string; readonly condition: Condition };
}

/** *Throws* pipeline_invalid where the condition does not parse (lint `condition_syntax`). */
export function managerSettings({ attributes }: GraphNode): ManagerSettings {
  const actions = textAttribute(attributes, "manager.actions") ?? "observe,wait";
  const stop = textAttribute(attributes, "manager.stop_condition");
  return {
    actions: new Set(actions.split(/[\s,]+/).filter(Boolean)),
    pollMs: durationAttribute(attributes, "manager.poll_interval") ?? MANAGER_POLL_MS_DEFAULT,
    maxCycles: integerAttribute(attributes, "manager.max_cycles", 1) ?? MANAGER_CYCLES_MAX_DEFAULT,
    ...(stop === undefined ? {} : { stop: { text: stop, condition: parseCondition(stop) } }),
  };
}
