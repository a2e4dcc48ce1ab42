interface TextBlockProps {
  readonly text: string;
  /** Takes the room that is left. */
  readonly tall?: boolean;
}

/** Text as it is, in a box that scrolls. */
export function TextBlock({ text, tall = false }: TextBlockProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached with the keyboard too
    <pre className={tall ? "notes tall" : "notes"} tabIndex={0}>
      {text}
    </pre>
  );
}
