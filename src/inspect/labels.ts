import type { ChartTransition } from "./chart.ts";

/** How both drawings write a transition: `EVENT [guard]`, `always [guard]`, `done`; nothing for a plain `always`. */
export function transitionLabel({ trigger, guard }: ChartTransition): string {
  const name = trigger.kind === "on" ? trigger.event : trigger.kind;
  if (guard === undefined) return trigger.kind === "always" ? "" : name;
  return trigger.kind === "always" ? `[${guard}]` : `${name} [${guard}]`;
}
