/** The world as a command sees it. Tests hand in their own. */

export interface OutputStream {
  readonly isTTY: boolean;
  /** Undefined where it is no terminal. */
  readonly columns: number | undefined;
  readonly rows: number | undefined;
  /** True once the reader has gone away; writing is then without effect. */
  readonly closed: boolean;
  /** Resolves when the text has been handed over: who waits for it never piles up memory. */
  write(text: string | Uint8Array): Promise<void>;
  onResize(listener: () => void): () => void;
}

export type StopSignal = "SIGINT" | "SIGTERM" | "SIGHUP";

/** The keys of the terminal that we are started from. */
export interface Keyboard {
  /** False while another job has the terminal: whoever asks for its keys then is stopped by the system. */
  isOurs(): boolean;
  /**
   * Takes the keys over, as they are typed and unseen; answers with how to give them back. Ctrl-C then is a key like
   * the others (`\u0003`) and no signal.
   */
  open(onText: (text: string) => void): () => void;
}

export interface Io {
  readonly stdin: AsyncIterable<Uint8Array | string>;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Undefined where stdin is no terminal. */
  readonly keyboard?: Keyboard | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Epoch ms. */
  now(): number;
  /** Takes a signal over from the system's default; answers with how to give it back. */
  onSignal(signal: StopSignal, listener: () => void): () => void;
  /** Leaves at once, for the one case in which nothing may be waited for any more. */
  exit(code: number): void;
}
