import type { ServerResponse } from "node:http";
import type { StatelyHistory } from "./history.ts";
import { createStatelyMessages } from "./messages.ts";

/** One page that follows: it is sent the history and what comes, as fast as it reads. What it misses costs nobody memory. */
export class StatelyFollower {
  readonly #response: ServerResponse;
  readonly #history: StatelyHistory;
  readonly #messagesOf = createStatelyMessages();
  #place: number;
  #isFull = false;
  #isEnding = false;

  constructor(response: ServerResponse, history: StatelyHistory) {
    this.#response = response;
    this.#history = history;
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    // A page that nothing has happened for yet is connected all the same.
    response.flushHeaders();
    response.on("drain", () => {
      this.#isFull = false;
      this.pump();
    });
    for (const step of history.earlier) for (const message of this.#messagesOf(step)) this.#send(message);
    this.#place = history.first;
  }

  /** Sends what there is, until the page has to read first. */
  pump(): void {
    while (!this.#isFull && this.#place < this.#history.next) {
      const lost = this.#history.first - this.#place;
      if (lost > 0) {
        this.#write(`event: lost\ndata: ${lost}\n\n`);
        this.#place += lost;
      }
      const step = this.#history.at(this.#place);
      this.#place += 1;
      if (step?.dropped) this.#write(`event: lost\ndata: ${step.dropped}\n\n`);
      for (const message of step ? this.#messagesOf(step) : []) this.#send(message);
    }
    if (this.#isEnding && !this.#isFull) this.#response.end("event: end\ndata:\n\n");
  }

  /** Once the page has all that there is. */
  end(): void {
    this.#isEnding = true;
    this.pump();
  }

  #send(message: object): void {
    this.#write(`data: ${JSON.stringify(message)}\n\n`);
  }

  #write(text: string): void {
    if (!this.#response.write(text)) this.#isFull = true;
  }
}
