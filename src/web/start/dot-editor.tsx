import { useEffect, useRef } from "react";
import type { Diagnostic } from "../api/answers.ts";

interface DotEditorProps {
  readonly source: string;
  readonly diagnostics: readonly Diagnostic[];
  /** Where to put the cursor, when it changes. */
  readonly jump: Diagnostic | undefined;
  readonly onChange: (source: string) => void;
}

/** A plain text area with numbered lines, of which those with findings are marked. */
export function DotEditor({ source, diagnostics, jump, onChange }: DotEditorProps) {
  const text = useRef<HTMLTextAreaElement>(null);
  const gutter = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (jump?.line === undefined || !text.current) return;
    const at = offsetOf(text.current.value, jump.line, jump.column ?? 1);
    text.current.focus();
    text.current.setSelectionRange(at, at);
  }, [jump]);
  const lines = source.split("\n").length;
  const marks = new Map<number, Diagnostic["severity"]>();
  for (const { line, severity } of diagnostics)
    if (line !== undefined && marks.get(line) !== "error") marks.set(line, severity);
  const drop = async (event: React.DragEvent) => {
    const [file] = event.dataTransfer.files;
    if (!file) return;
    event.preventDefault();
    onChange(await file.text());
  };
  return (
    <div className="editor">
      <div ref={gutter} className="gutter" aria-hidden="true">
        {Array.from({ length: lines }, (_, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a line is its number
          <div key={index} className={marks.get(index + 1)}>
            {index + 1}
          </div>
        ))}
      </div>
      <textarea
        id="dot"
        ref={text}
        aria-label="Pipeline as DOT; a file may be dropped here"
        spellCheck={false}
        autoCapitalize="off"
        wrap="off"
        value={source}
        onChange={(event) => onChange(event.target.value)}
        onDrop={(event) => void drop(event)}
        onScroll={(event) => {
          if (gutter.current) gutter.current.scrollTop = event.currentTarget.scrollTop;
        }}
      />
    </div>
  );
}

function offsetOf(text: string, line: number, column: number): number {
  const before = text.split("\n").slice(0, line - 1);
  return before.reduce((sum, each) => sum + each.length + 1, 0) + column - 1;
}
