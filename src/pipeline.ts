/** `definePipeline` with this package's handlers as the type of inline ones. */
import type { Handler } from "./actors/handler.ts";
import type { DefinePipeline } from "./graph/builder.ts";
import { definePipeline as define } from "./graph/builder.ts";

/** Builds a pipeline in TypeScript: the same graph that its DOT text would give, with inline handlers. Source: 04 §7. */
export const definePipeline: DefinePipeline<Handler> = define;
