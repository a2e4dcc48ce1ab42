/**
 * Clients of an event stream, in a process of their own: connects as many as it is told, notes of each entry how long after
 * its commit it came, and answers with that when it is asked. Told by its arguments: URL, clients.
 */
import { Agent, get } from "node:http";

const [url = "", count = "1"] = process.argv.slice(2);
const agent = new Agent({ maxSockets: Number.POSITIVE_INFINITY });
const AT = /"at":"([^"]+)"/g;

/** Ms, of all clients. */
let samples: number[] = [];
let connected = 0;

for (let client = 0; client < Number(count); client += 1) {
  get(url, { agent, headers: { accept: "text/event-stream" } }, (response) => {
    let rest = "";
    response.setEncoding("utf8");
    response.once("data", () => {
      connected += 1;
      if (connected === Number(count)) process.send?.("connected");
    });
    response.on("data", (text: string) => {
      const nowMs = Date.now();
      rest += text;
      const whole = rest.lastIndexOf("\n\n") + 2;
      for (const [, at = ""] of rest.slice(0, whole).matchAll(AT)) samples.push(nowMs - Date.parse(at));
      rest = rest.slice(whole);
    });
  }).on("error", () => process.exit(1));
}

process.on("message", () => {
  process.send?.(samples);
  samples = [];
});
