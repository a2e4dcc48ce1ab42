/** How the well-known agents are called without a person: prompt on stdin, response on stdout. */

export interface AgentChoice {
  readonly model?: string;
  readonly effort?: string;
}

export interface AgentPreset {
  readonly file: string;
  readonly args: (choice: AgentChoice, extra: readonly string[]) => readonly string[];
}

const option = (name: string, value: string | undefined): readonly string[] =>
  value === undefined ? [] : [name, value];

export const AGENT_PRESETS = {
  claude: {
    file: "claude",
    args: ({ model, effort }, extra) => ["-p", ...option("--model", model), ...option("--effort", effort), ...extra],
  },
  codex: {
    file: "codex",
    args: ({ model, effort }, extra) => [
      "exec",
      "--skip-git-repo-check",
      ...option("--model", model),
      ...option("-c", effort && `model_reasoning_effort=${JSON.stringify(effort)}`),
      ...extra,
      "-",
    ],
  },
  gemini: { file: "gemini", args: ({ model }, extra) => [...option("-m", model), ...extra] },
  llm: { file: "llm", args: ({ model }, extra) => [...option("-m", model), ...extra] },
} as const satisfies Record<string, AgentPreset>;

export type AgentPresetName = keyof typeof AGENT_PRESETS;
