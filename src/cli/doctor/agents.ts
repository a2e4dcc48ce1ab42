import { accessSync, constants, statSync } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";
import { AGENT_PRESETS } from "../../actors/handlers/backends/agent-presets.ts";

export interface AgentOnPath {
  readonly name: string;
  readonly path: string | null;
}

/** Which of the well-known agents can be called here. Looks only; runs nothing. */
export function findAgents(path: string): readonly AgentOnPath[] {
  const dirs = path.split(delimiter).filter((dir) => isAbsolute(dir));
  return Object.entries(AGENT_PRESETS).map(([name, { file }]) => {
    return { name, path: dirs.map((dir) => join(dir, file)).find(isExecutable) ?? null };
  });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
