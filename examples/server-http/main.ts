/** Safepoint's API behind Node's own `http`, beside what the server answers itself. `PORT` comes from the environment. */
import { createServer as createHttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createRuntime } from "safepoint";
import { createServer, nodeListener } from "safepoint/server";

const runtime = await createRuntime();
const safepoint = nodeListener(createServer(runtime));

const server = createHttpServer((request, response) => {
  if (request.url === "/hello") response.end("hello\n");
  else safepoint(request, response);
});
server.listen(Number(process.env["PORT"] ?? "8789"), "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});

process.once("SIGTERM", async () => {
  await runtime.stop({ graceMs: 1_000 });
  server.close();
  server.closeAllConnections();
});
