import type { ReactNode } from "react";
import { Problem, wordsOf } from "../api/client.ts";

/** Where there is nothing to show, and why. */
export function Empty({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <div className="empty">
      <p className="empty-title">{title}</p>
      {children}
    </div>
  );
}

/** What went wrong, in words, and what can be done about it. */
export function Failed({ failure, onRetry }: { readonly failure: unknown; readonly onRetry?: () => void }) {
  const isUnreachable = failure instanceof Problem && failure.code === "unreachable";
  return (
    <div className="empty" role="alert">
      <p className="empty-title">{isUnreachable ? "The server does not answer" : wordsOf(failure)}</p>
      <p className="muted">
        {isUnreachable
          ? "Runs are safe: what was stored goes on when it is started again. This page tries by itself."
          : failure instanceof Problem && failure.code}
      </p>
      {onRetry && (
        <button type="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}
