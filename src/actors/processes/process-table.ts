/** What the operating system says about processes right now. Synchronous and cheap; /proc where there is one, else `ps`. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

export interface ProcessInfo {
  readonly pid: number;
  /** Process group. */
  readonly group: number;
  /** Start time in the system's own words: clock ticks since boot with /proc, a date with `ps`. */
  readonly start: string;
  /** Ended, and only waiting for its parent to take note. */
  readonly zombie: boolean;
}

const usesProc = process.platform === "linux";

/** A process by pid; undefined where there is none or it may not be seen. */
export function readProcess(pid: number): ProcessInfo | undefined {
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  if (!usesProc) return listWithPs(["-p", String(pid)])[0];
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return undefined; // ended between two looks, or hidden from us
  }
}

/** The processes of a group that still run; zombies do nothing any more and are not counted. */
export function groupMembers(group: number): readonly ProcessInfo[] {
  if (!hasGroup(group)) return [];
  const processes = usesProc ? listProc() : listWithPs(["-A"]);
  return processes.filter((entry) => entry.group === group && !entry.zombie);
}

/** Whether the environment a process was started with has all of these settings. False where it cannot be read. */
export function hasEnvironment(pid: number, settings: Readonly<Record<string, string>>): boolean {
  if (!usesProc) return false;
  try {
    const environment = new Set(readFileSync(`/proc/${pid}/environ`, "utf8").split("\0"));
    return Object.entries(settings).every(([name, value]) => environment.has(`${name}=${value}`));
  } catch {
    return false;
  }
}

/** Whether a signal could be sent: spares reading the whole table in the usual case that nothing is left. */
function hasGroup(group: number): boolean {
  try {
    process.kill(-group, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function listProc(): ProcessInfo[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => readProcess(Number(pid)) ?? []);
}

/** A stat line of /proc. The command's name, field 2, may hold spaces and parentheses: fields count from the last `)`. */
export function parseStat(line: string): ProcessInfo | undefined {
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
  const [state, , group] = fields;
  const start = fields[19];
  if (state === undefined || group === undefined || start === undefined) return undefined;
  return { pid: Number.parseInt(line, 10), group: Number(group), start, zombie: isZombie(state) };
}

function listWithPs(selection: readonly string[]): ProcessInfo[] {
  try {
    const options = { encoding: "utf8", env: { ...process.env, LC_ALL: "C", TZ: "UTC" }, stdio: "pipe" } as const;
    return parsePs(execFileSync("ps", [...selection, "-o", "pid=,pgid=,stat=,lstart="], options));
  } catch {
    return []; // ps ends with 1 when nothing matches
  }
}

/** Lines of `ps -o pid=,pgid=,stat=,lstart=`. */
export function parsePs(text: string): ProcessInfo[] {
  return text.split("\n").flatMap((line) => {
    const [pid, group, state, ...start] = line.trim().split(/\s+/);
    if (!pid || !group || !state || start.length === 0) return [];
    return [{ pid: Number(pid), group: Number(group), start: start.join(" "), zombie: isZombie(state) }];
  });
}

function isZombie(state: string): boolean {
  return state.startsWith("Z") || state.startsWith("X");
}
