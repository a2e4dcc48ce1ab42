/** Who is to be told of what, over HTTP. */
import { SafepointError } from "../../errors.ts";
import { CATALOGUE, type EntryType } from "../../journal/catalogue.ts";

export interface Webhook {
  /** Tells it from others: what was left for it is sent to whatever it is when it is sent. */
  readonly name: string;
  readonly url: string;
  /** What is sent is signed with it. */
  readonly secret: string;
  /** Types of entries that it is told of. Default: {@link WEBHOOK_TYPES}. */
  readonly types?: readonly EntryType[];
}

/** A person is asked something; a run has ended. */
export const WEBHOOK_TYPES: readonly EntryType[] = ["gate.opened", "run.completed", "run.failed", "run.cancelled"];

/** *Throws* `configuration`. */
export function assertWebhooks(webhooks: readonly Webhook[]): void {
  const names = new Set<string>();
  for (const { name, url, secret, types = [] } of webhooks) {
    const problem = problemOf({ name, url, secret, types, isTaken: names.has(name) });
    if (problem !== undefined) throw new SafepointError("configuration", `webhook "${name}": ${problem}`);
    names.add(name);
  }
}

function problemOf(
  hook: Required<Omit<Webhook, "types">> & { types: readonly string[]; isTaken: boolean },
): string | undefined {
  if (!/^[\w.-]{1,64}$/.test(hook.name)) return "expected a name of letters, digits, . _ -, 64 at most";
  if (hook.isTaken) return "there is another of this name";
  if (!URL.canParse(hook.url) || !/^https?:$/.test(new URL(hook.url).protocol)) {
    return `expected an http or https URL, found "${hook.url}"`;
  }
  if (hook.secret === "") return "expected a secret to sign with, found none";
  const unknown = hook.types.find((type) => !Object.hasOwn(CATALOGUE, type));
  return unknown === undefined ? undefined : `there are no entries of the type "${unknown}"`;
}
