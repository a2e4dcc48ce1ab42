import type { CommandWords } from "./command-words.ts";

/** A completion script for bash. */
export function bashCompletion(commands: readonly CommandWords[]): string {
  const names = commands.flatMap((command) => command.names);
  return `# bash completion for safepoint
_safepoint() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}"
  local command="" at
  for ((at = 1; at < COMP_CWORD; at++)); do
    case "\${COMP_WORDS[at]}" in
      --store) ((at++)) ;;
      -*) ;;
      *) command="\${COMP_WORDS[at]}"; break ;;
    esac
  done
  local flags="" valued="" files=""
  case "$command" in
    "") flags="${[...names, "help", "--help", "--version", ...globalFlags(commands)].join(" ")}"; valued="--store" ;;
${commands.map(caseOf).join("\n")}
  esac
  case " $valued " in
    *" $before "*) COMPREPLY=($(compgen -f -- "$word")); return ;;
  esac
  COMPREPLY=($(compgen -W "$flags" -- "$word"))
  if [[ -n "$files" && "$word" != -* ]]; then COMPREPLY+=($(compgen -f -- "$word")); fi
}
complete -o filenames -F _safepoint safepoint
`;
}

function caseOf({ names, options, takesFiles }: CommandWords): string {
  const flags = options.flatMap((option) => option.flags);
  const valued = options.filter((option) => option.takesValue).flatMap((option) => option.flags);
  const files = takesFiles ? " files=1" : "";
  return `    ${names.join("|")}) flags="${flags.join(" ")}"; valued="${valued.join(" ")}";${files} ;;`;
}

/** The options that every command has. */
function globalFlags(commands: readonly CommandWords[]): readonly string[] {
  const [first, ...rest] = commands.map((command) => new Set(command.options.flatMap((option) => option.flags)));
  return [...(first ?? [])].filter(
    (flag) => flag.startsWith("--") && rest.every((flags) => flags.has(flag)) && flag !== "--help",
  );
}
