/**
 * A store that leaves in the outbox, in the turn in which something happens, what webhooks are to be told of it: stored
 * with the turn or not at all, so no crash loses it. For the runtime whose runs they are about. Source: 03 §9.
 */
import type { JsonValue } from "../../graph/index.ts";
import type { NewEntry } from "../../journal/entry.ts";
import type { Store, TurnWrite } from "../../persistence/store.ts";
import { delegateStore } from "../../runtime/delegate-store.ts";
import { assertWebhooks, WEBHOOK_TYPES, type Webhook } from "./webhook.ts";

/** Of rows in the outbox. */
export const WEBHOOK_KIND = "webhook";

/** What a webhook is sent, before it is signed. */
export interface WebhookBody {
  /** Of the entry, unique in the store: who gets it twice can tell. */
  readonly id: string;
  readonly type: string;
  readonly runId: string;
  readonly seq: number;
  /** RFC 3339. */
  readonly at: string;
  readonly branch?: string;
  readonly stage?: string;
  readonly data: JsonValue;
}

/** *Throws* `configuration` for a webhook that is none. */
export function withWebhooks(store: Store, webhooks: readonly Webhook[]): Store {
  assertWebhooks(webhooks);
  return {
    ...delegateStore(store),
    commit: (turns) => store.commit(turns.map((turn) => withLetters(turn, webhooks))),
  };
}

function withLetters(turn: TurnWrite, webhooks: readonly Webhook[]): TurnWrite {
  const letters = turn.entries.flatMap((entry, index) =>
    webhooks
      .filter(({ types = WEBHOOK_TYPES }) => types.includes(entry.type))
      .map(({ name }) => ({
        id: `webhook:${name}:${turn.baseSeq + 1 + index}`,
        kind: WEBHOOK_KIND,
        body: { webhook: name, told: bodyOf(turn, entry, turn.baseSeq + 1 + index) } as unknown as JsonValue,
      })),
  );
  const creates = turn.creates?.map((created) => withLetters(created, webhooks));
  return {
    ...turn,
    ...(letters.length === 0 ? {} : { outbox: [...(turn.outbox ?? []), ...letters] }),
    ...(creates === undefined ? {} : { creates }),
  };
}

function bodyOf({ runId, atMs }: TurnWrite, { type, branch, stage, data }: NewEntry, seq: number): WebhookBody {
  return {
    id: `${runId}:${seq}`,
    type,
    runId,
    seq,
    at: new Date(atMs).toISOString(),
    ...(branch === undefined ? {} : { branch }),
    ...(stage === undefined ? {} : { stage }),
    data: data as JsonValue,
  };
}
