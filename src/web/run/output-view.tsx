import { useEffect, useRef } from "react";
import { runPath } from "../api/client.ts";
import { useAnswer } from "../parts/use-answer.ts";

interface Output {
  readonly execution: string;
  readonly output: readonly { readonly stream: "stdout" | "stderr"; readonly text: string }[];
}

interface OutputViewProps {
  readonly runId: string;
  readonly execution: string | undefined;
  readonly isRunning: boolean;
}

const ASK_EVERY_MS = 500;

/** What a tool prints, while it prints it. Nothing where it prints nothing. */
export function OutputView({ runId, execution, isRunning }: OutputViewProps) {
  const path = execution === undefined ? undefined : runPath(runId, "/output");
  const { answer, ask } = useAnswer<Output>(path, { execution });
  const end = useRef<HTMLPreElement>(null);
  useEffect(() => {
    if (!isRunning) {
      ask();
      return undefined;
    }
    const timer = setInterval(ask, ASK_EVERY_MS);
    return () => clearInterval(timer);
  }, [isRunning, ask]);
  const text = answer?.execution === execution ? (answer?.output ?? []) : [];
  // biome-ignore lint/correctness/useExhaustiveDependencies: scrolls when there is more
  useEffect(() => {
    if (end.current) end.current.scrollTop = end.current.scrollHeight;
  }, [answer]);
  if (text.length === 0) return null;
  return (
    <section className="output">
      <h3>Output{isRunning ? ", live" : ""}</h3>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached with the keyboard too */}
      <pre ref={end} tabIndex={0}>
        {text.map(({ stream, text: chunk }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: chunks are only ever added
          <span key={index} className={stream}>
            {chunk}
          </span>
        ))}
      </pre>
    </section>
  );
}
