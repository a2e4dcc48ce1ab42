import type { CommandWords, OptionWords } from "./command-words.ts";

/** A completion script for zsh. */
export function zshCompletion(commands: readonly CommandWords[]): string {
  const described = commands.flatMap((each) => each.names.map((name) => `    ${quote(`${name}:${each.summary}`)}`));
  return `#compdef safepoint
_safepoint() {
  local -a commands
  commands=(
${described.join("\n")}
  )
  local at command=""
  for ((at = 2; at < CURRENT; at++)); do
    case "\${words[at]}" in
      --store) ((at++)) ;;
      -*) ;;
      *) command="\${words[at]}"; break ;;
    esac
  done
  case "$command" in
    "") _describe command commands ;;
${commands.map(caseOf).join("\n")}
  esac
}
compdef _safepoint safepoint
`;
}

function caseOf({ names, options, takesFiles }: CommandWords): string {
  const specs = options.map((option) => `      ${specOf(option)}`);
  const rest = takesFiles ? "'*:file:_files'" : "'*: :'";
  return `    ${names.join("|")}) _arguments \\\n${specs.join(" \\\n")} \\\n      ${rest} ;;`;
}

function specOf({ flags, description, takesValue }: OptionWords): string {
  const flag = flags.find((each) => each.startsWith("--")) ?? flags[0] ?? "";
  const text = description.replace(/[[\]:\\]/g, " ");
  return quote(`*${flag}[${text}]${takesValue ? ":value:_files" : ""}`);
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
