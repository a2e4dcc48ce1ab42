/**
 * What is kept of a stream in memory: all of it up to a limit, beyond that its beginning and its end. What lies between
 * is counted and named in the text.
 */
export class KeptOutput {
  readonly #halfBytes: number;
  readonly #head: Uint8Array[] = [];
  #headBytes = 0;
  #tail: Uint8Array[] = [];
  #tailBytes = 0;
  /** Of everything that came. */
  totalBytes = 0;

  constructor(bytesMax: number) {
    this.#halfBytes = Math.floor(bytesMax / 2);
  }

  add(chunk: Uint8Array): void {
    this.totalBytes += chunk.length;
    const room = this.#halfBytes - this.#headBytes;
    const first = chunk.subarray(0, Math.max(0, room));
    if (first.length > 0) this.#head.push(first);
    this.#headBytes += first.length;
    const rest = chunk.subarray(first.length);
    if (rest.length === 0) return;
    this.#tail.push(rest);
    this.#tailBytes += rest.length;
    // Trimmed at twice its share, so that adding stays O(chunk).
    if (this.#tailBytes > 2 * this.#halfBytes) this.#trim();
  }

  get truncated(): boolean {
    return this.totalBytes > 2 * this.#halfBytes;
  }

  /** As UTF-8; bytes that are none become the replacement character. */
  text(): string {
    this.#trim();
    const head = Buffer.concat(this.#head);
    const tail = Buffer.concat(this.#tail);
    if (!this.truncated) return Buffer.concat([head, tail]).toString("utf8");
    const start = skipContinuation(tail);
    const end = dropPartial(head);
    const missing = this.totalBytes - end - (tail.length - start);
    return `${head.toString("utf8", 0, end)}${omission(missing, "bytes")}${tail.toString("utf8", start)}`;
  }

  #trim(): void {
    if (this.#tailBytes <= this.#halfBytes) return;
    const tail = Buffer.concat(this.#tail).subarray(-this.#halfBytes);
    this.#tail = [Buffer.from(tail)];
    this.#tailBytes = tail.length;
  }
}

/** A text of at most `charsMax` characters: its beginning and its end, with what is left out counted in between. */
export function truncateMiddle(text: string, charsMax: number): string {
  if (text.length <= charsMax) return text;
  // The mark counts too, and its length depends on a number that is at most the text's length.
  const room = charsMax - omission(text.length, "characters").length;
  if (room <= 0) return cut(text, charsMax);
  const head = cut(text, Math.ceil(room / 2));
  let tail = text.slice(text.length - Math.floor(room / 2));
  if (isLowSurrogate(tail, 0)) tail = tail.slice(1);
  return `${head}${omission(text.length - head.length - tail.length, "characters")}${tail}`;
}

/** The beginning of a text, never half of a surrogate pair. */
export function cut(text: string, charsMax: number): string {
  return text.slice(0, isLowSurrogate(text, charsMax) ? charsMax - 1 : charsMax);
}

function omission(count: number, unit: string): string {
  return `\n… ${count} ${unit} left out …\n`;
}

function isLowSurrogate(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return code >= 0xdc00 && code <= 0xdfff;
}

/** Index of the first byte that does not continue a character. */
function skipContinuation(bytes: Uint8Array): number {
  let start = 0;
  while (start < 3 && start < bytes.length && ((bytes[start] ?? 0) & 0xc0) === 0x80) start += 1;
  return start;
}

/** Length without a last character that is not whole. */
function dropPartial(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(4, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return needed > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}
