/** Server-sent events as text, cut into events. Pure. */
export interface StreamEvent {
  /** Empty where the event has none. */
  readonly id: string;
  readonly type: string;
  readonly data: string;
}

/** Takes chunks of text as they come, and gives the events that are whole. */
export class EventParser {
  #rest = "";

  push(chunk: string): StreamEvent[] {
    const text = this.#rest + chunk;
    const blocks = text.split("\n\n");
    this.#rest = blocks.pop() ?? "";
    return blocks.flatMap(readBlock);
  }
}

/** Comments and greetings are no events. */
function readBlock(block: string): StreamEvent[] {
  let id = "";
  let type = "message";
  let data: string | undefined;
  for (const line of block.split("\n")) {
    if (line.startsWith("data: ")) data = data === undefined ? line.slice(6) : `${data}\n${line.slice(6)}`;
    else if (line.startsWith("event: ")) type = line.slice(7);
    else if (line.startsWith("id: ")) id = line.slice(4);
  }
  return data === undefined ? [] : [{ id, type, data }];
}
