/** A status as a word with a dot: the word says it, the colour helps. */
export function Pill({ status, title }: { readonly status: string; readonly title?: string | undefined }) {
  return (
    <span className={`pill s-${status}`} title={title}>
      <span className="dot" aria-hidden="true" />
      {status.replaceAll("_", " ")}
    </span>
  );
}
