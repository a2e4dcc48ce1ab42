import type { Entry } from "../api/answers.ts";

type Data = Readonly<Record<string, unknown>>;

/** What of an entry fits into its row: the one or two things that tell it from others of its type. */
export function summaryOf({ type, data, cause }: Entry): string {
  const by = cause && type.startsWith("control.") ? `by ${cause.actor}` : "";
  return [said(type, data), by].filter((part) => part !== "").join(", ");
}

function said(type: string, data: Data): string {
  switch (type) {
    case "stage.succeeded":
    case "stage.failed":
    case "stage.skipped":
    case "stage.retry_scheduled": {
      const { status, notes, failureReason } = (data["outcome"] ?? {}) as Data;
      return firstLine(failureReason ?? notes ?? status);
    }
    case "edge.selected":
      return `${String(data["from"])} → ${String(data["to"])}, ${String(data["rule"])}`;
    case "control.accepted":
      return `${String(data["verb"])}: ${String(data["before"])} → ${String(data["after"])}`;
    case "control.rejected":
      return `${String(data["verb"])}: ${String(data["code"])}`;
    case "iteration.started":
      return `${String(data["index"])} ${data["item"] === undefined ? "" : JSON.stringify(data["item"])}`;
    default:
      return firstLine(
        data["reason"] ??
          data["message"] ??
          data["text"] ??
          data["kind"] ??
          data["decision"] ??
          data["status"] ??
          data["name"],
      );
  }
}

function firstLine(value: unknown): string {
  if (value === undefined) return "";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.split("\n", 1)[0] as string;
}
