/** The page that stands between the bridge and Stately Inspector, which it shows in a frame. */

export interface PageParts {
  /** Of Stately Inspector. */
  readonly inspectorUrl: string;
  /** What the page's own script and style are recognised by. */
  readonly nonce: string;
}

/**
 * Everything that the page may load, and from where. Its address is a secret, so nobody is told it as a referrer, and it may
 * be framed by nobody.
 */
export function pageHeaders({ inspectorUrl, nonce }: PageParts): Readonly<Record<string, string>> {
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src 'nonce-${nonce}'`,
    "connect-src 'self'",
    `frame-src ${new URL(inspectorUrl).origin}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ];
  return {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": policy.join("; "),
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  };
}

/**
 * The inspector says when it listens, and is then told everything from the start. Messages go to its origin alone, and only
 * its frame is listened to.
 */
export function pageHtml({ inspectorUrl, nonce }: PageParts): string {
  const address = new URL(inspectorUrl);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Safepoint in Stately Inspector</title>
<style nonce="${nonce}">
html, body { height: 100%; margin: 0; font: 14px system-ui, sans-serif; }
body { display: flex; flex-direction: column; }
iframe { flex: 1; border: 0; }
p { margin: 0; padding: 0.4em 0.8em; }
</style>
</head>
<body>
<p id="status" role="status">waiting for ${escapeHtml(address.origin)}</p>
<iframe id="inspector" title="Stately Inspector" src="${escapeHtml(address.href)}"></iframe>
<script nonce="${nonce}">
const frame = document.getElementById("inspector");
const origin = ${scriptText(address.origin)};
let source, lost = 0;
const say = (text) => {
  document.getElementById("status").textContent = text + (lost > 0 ? "; " + lost + " steps were lost" : "");
};
const follow = () => {
  source?.close();
  lost = 0;
  say("connected");
  source = new EventSource("events");
  source.onmessage = (event) => frame.contentWindow.postMessage(JSON.parse(event.data), origin);
  source.addEventListener("lost", (event) => { lost += Number(event.data); say("connected"); });
  source.addEventListener("end", () => { source.close(); say("ended"); });
  source.onerror = () => { source.close(); say("the connection is lost: load this page again"); };
};
window.addEventListener("message", (event) => {
  if (event.source !== frame.contentWindow || event.origin !== origin) return;
  if (event.data && event.data.type === "@statelyai.connected") follow();
});
</script>
</body>
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function scriptText(text: string): string {
  return JSON.stringify(text).replaceAll("<", "\\u003c");
}
