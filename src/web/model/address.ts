/** Addresses as the journal writes them, read for showing. `main/fan@1/0/build@2#1.1`. */
export interface StagePlace {
  readonly branch: string;
  readonly node: string;
  readonly visit: number;
}

export function readStage(address: string): StagePlace {
  const slash = address.lastIndexOf("/");
  const at = address.lastIndexOf("@");
  if (slash < 1 || at < slash) return { branch: "", node: address, visit: 1 };
  const visit = Number(address.slice(at + 1)) || 1;
  return { branch: address.slice(0, slash), node: unescapeNode(address.slice(slash + 1, at)), visit };
}

/** The activation a branch belongs to, and its index there; undefined for `main`. */
export function readBranch(path: string): { readonly activation: string; readonly index: number } | undefined {
  const slash = path.lastIndexOf("/");
  const index = Number(path.slice(slash + 1));
  return slash < 1 || !Number.isInteger(index) ? undefined : { activation: path.slice(0, slash), index };
}

export function stageOfExecution(execution: string): string {
  return execution.slice(0, execution.lastIndexOf("#"));
}

/** Whether `path` is `scope` or lies below it. */
export function isWithin(path: string, scope: string): boolean {
  return path.startsWith(scope) && (path.length === scope.length || path[scope.length] === "/");
}

/** Short enough for a row: without the branch that says nothing, `build`, `build@2`, `fan[0] build`. */
export function shortStage(address: string): string {
  const { branch, node, visit } = readStage(address);
  const name = visit > 1 ? `${node}@${visit}` : node;
  return branch === "main" || branch === "" ? name : `${shortBranch(branch)} ${name}`;
}

/** `fan[0]`, `outer[3]›inner[1]`. */
export function shortBranch(path: string): string {
  const here = readBranch(path);
  if (!here) return path;
  const { branch, node, visit } = readStage(here.activation);
  const name = `${visit > 1 ? `${node}@${visit}` : node}[${here.index}]`;
  return branch === "main" ? name : `${shortBranch(branch)}›${name}`;
}

function unescapeNode(text: string): string {
  return text.replace(/%([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
