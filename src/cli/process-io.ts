import { EXIT } from "./exit-codes.ts";
import type { Io, OutputStream } from "./io.ts";
import { processKeyboard } from "./process-keyboard.ts";

/** The Io of the running process. */
export function processIo(): Io {
  return {
    // Made by the first reading: most commands never do.
    get stdin() {
      return process.stdin;
    },
    keyboard: processKeyboard(),
    stdout: outputStream(process.stdout),
    stderr: outputStream(process.stderr),
    env: process.env,
    cwd: process.cwd(),
    now: () => Date.now(),
    onSignal(signal, listener) {
      process.on(signal, listener);
      return () => process.removeListener(signal, listener);
    },
    exit: (code) => process.exit(code),
  };
}

/** A stream whose reader may leave (`safepoint events x | head`): that is no error, it only ends the writing. */
function outputStream(stream: NodeJS.WriteStream): OutputStream {
  let closed = false;
  stream.on("error", (error: NodeJS.ErrnoException) => {
    closed = true;
    if (error.code !== "EPIPE" && error.code !== "ERR_STREAM_DESTROYED") process.exitCode = EXIT.tryAgain;
  });
  return {
    isTTY: stream.isTTY === true,
    get columns() {
      return stream.isTTY ? stream.columns : undefined;
    },
    get rows() {
      return stream.isTTY ? stream.rows : undefined;
    },
    get closed() {
      return closed || stream.destroyed;
    },
    write(text) {
      if (closed || stream.destroyed || text.length === 0) return Promise.resolve();
      return new Promise((resolve) => stream.write(text, () => resolve()));
    },
    onResize(listener) {
      stream.on("resize", listener);
      // While we were stopped somebody else wrote on the terminal: what is where is as unknown as after a resize.
      process.on("SIGCONT", listener);
      return () => {
        stream.removeListener("resize", listener);
        process.removeListener("SIGCONT", listener);
      };
    },
  };
}
