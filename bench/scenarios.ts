/** All scenarios, in the order they are run. */
import type { Scenario } from "./scenario.ts";
import { bytes } from "./scenarios/bytes.ts";
import { cold } from "./scenarios/cold.ts";
import { control } from "./scenarios/control.ts";
import { flatness } from "./scenarios/flat.ts";
import { foreach } from "./scenarios/foreach.ts";
import { memory } from "./scenarios/memory.ts";
import { parallel } from "./scenarios/parallel.ts";
import { resume } from "./scenarios/resume.ts";
import { sse } from "./scenarios/sse.ts";
import { stages } from "./scenarios/stages.ts";
import { store } from "./scenarios/store.ts";

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  stages,
  flat: flatness,
  bytes,
  resume,
  memory,
  control,
  cold,
  parallel,
  foreach,
  sse,
  store,
};
