/**
 * Sends what turns left for webhooks, and takes it out of the outbox once it has arrived: at least once, each by itself,
 * again and again with a growing wait while it does not arrive. What was not sent when the process ended is sent by the next.
 */
import { messageOf } from "../../errors.ts";
import { WEBHOOK_BACKOFF_MS, WEBHOOK_BACKOFF_MS_MAX, WEBHOOK_TIMEOUT_MS, WEBHOOK_TRIES_MAX } from "../../limits.ts";
import type { Store, Topics } from "../../persistence/store.ts";
import type { RuntimeOptions } from "../../runtime/api.ts";
import { signatureOf } from "./sign.ts";
import { assertWebhooks, type Webhook } from "./webhook.ts";
import { WEBHOOK_KIND, type WebhookBody } from "./webhook-store.ts";

export interface DeliveryOptions {
  readonly log?: NonNullable<RuntimeOptions["log"]>;
  /** Before the second try; each further wait is twice as long. Ms. Default 1,000. */
  readonly backoffMs?: number;
}

export interface Delivery {
  /** Sends nothing more; what is under way is cut off and sent again by the next. */
  stop(): Promise<void>;
}

type Row = Topics["outbox"]["row"];

/** Rows looked at together, and sent at the same time. */
const ROWS_AT_ONCE = 32;
/** Being sent or waiting at most; the rest stays in the outbox. */
const UNDER_WAY_MAX = 1_000;

/** *Throws* `configuration`. */
export function deliverWebhooks(store: Store, webhooks: readonly Webhook[], options: DeliveryOptions = {}): Delivery {
  assertWebhooks(webhooks);
  const postman = new Postman(store, webhooks, options);
  const unwatch = store.watch(() => postman.look());
  postman.look();
  return {
    async stop() {
      unwatch();
      await postman.stop();
    },
  };
}

class Postman {
  readonly #store: Store;
  readonly #webhooks: ReadonlyMap<string, Webhook>;
  readonly #options: DeliveryOptions;
  readonly #stop = new AbortController();
  /** Being sent, or waiting to be sent again. */
  readonly #underWay = new Map<string, Promise<void>>();
  /** For webhooks that are none of ours: another process of the same store may have them. */
  readonly #foreign = new Set<string>();
  #looking: Promise<void> | undefined;
  #isToLookAgain = false;

  constructor(store: Store, webhooks: readonly Webhook[], options: DeliveryOptions) {
    this.#store = store;
    this.#webhooks = new Map(webhooks.map((webhook) => [webhook.name, webhook]));
    this.#options = options;
  }

  /** One look at a time; one that is asked for meanwhile comes after it. */
  look(): void {
    if (this.#stop.signal.aborted) return;
    if (this.#looking) {
      this.#isToLookAgain = true;
      return;
    }
    this.#looking = this.#takeUp()
      .catch((failure: unknown) =>
        this.#options.log?.warn("the outbox cannot be read", { message: messageOf(failure) }),
      )
      .finally(() => {
        this.#looking = undefined;
        if (!this.#isToLookAgain) return;
        this.#isToLookAgain = false;
        this.look();
      });
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#looking;
    await Promise.all(this.#underWay.values());
  }

  async #takeUp(): Promise<void> {
    if (this.#underWay.size >= UNDER_WAY_MAX) return;
    // Those that are known are still there.
    const limit = this.#underWay.size + this.#foreign.size + ROWS_AT_ONCE;
    for (const row of await this.#store.read("outbox", { kind: WEBHOOK_KIND, limit })) {
      const key = `${row.runId}\0${row.id}`;
      if (this.#underWay.has(key) || this.#foreign.has(key) || this.#stop.signal.aborted) continue;
      const sent = this.#deliver(row)
        .catch((failure: unknown) =>
          this.#options.log?.error("a webhook was lost sight of", { message: messageOf(failure) }),
        )
        .finally(() => this.#underWay.delete(key));
      this.#underWay.set(key, sent);
    }
  }

  async #deliver(row: Row): Promise<void> {
    const { webhook: name, told } = row.body as unknown as { readonly webhook: string; readonly told: WebhookBody };
    const webhook = this.#webhooks.get(name);
    if (!webhook) {
      this.#foreign.add(`${row.runId}\0${row.id}`);
      return;
    }
    const { signal } = this.#stop;
    for (let tries = 1; ; tries += 1) {
      const problem = await send(webhook, told, signal);
      if (signal.aborted) return;
      if (problem === undefined) break;
      const where = { webhook: name, id: told.id, tries, problem };
      if (tries === WEBHOOK_TRIES_MAX) {
        this.#options.log?.error("a webhook is given up", where);
        break;
      }
      this.#options.log?.warn("a webhook was not taken", where);
      await pause(this.#waitMs(tries), signal);
      if (signal.aborted) return;
    }
    await this.#store.clearOutbox([row]);
  }

  #waitMs(tries: number): number {
    const first = this.#options.backoffMs ?? WEBHOOK_BACKOFF_MS;
    return Math.min(first * 2 ** (tries - 1), WEBHOOK_BACKOFF_MS_MAX);
  }
}

/** What kept it from arriving; undefined: it has. */
async function send({ url, secret }: Webhook, told: WebhookBody, stop: AbortSignal): Promise<string | undefined> {
  const body = JSON.stringify(told);
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "safepoint-delivery": told.id,
        "safepoint-event": told.type,
        "safepoint-signature": signatureOf(body, { secret, atMs: Date.now() }),
      },
      body,
      // Whoever is led elsewhere would be sent what is signed for another.
      redirect: "manual",
      signal: AbortSignal.any([stop, AbortSignal.timeout(WEBHOOK_TIMEOUT_MS)]),
    });
    await response.body?.cancel();
    return response.ok ? undefined : `it answered ${response.status}`;
  } catch (failure) {
    return messageOf(failure);
  }
}

function pause(ms: number, stop: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  stop.addEventListener("abort", () => resolve(), { once: true });
  return promise.finally(() => clearTimeout(timer));
}
