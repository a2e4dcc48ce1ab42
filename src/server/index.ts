/** `safepoint/server`: a runtime over HTTP. */
export { createServer } from "./create-server.ts";
export { nodeListener } from "./node/node-listener.ts";
export { type ServeOptions, type Serving, serve } from "./node/serve.ts";
export type { ServerOptions } from "./server-options.ts";
export { type Delivery, type DeliveryOptions, deliverWebhooks } from "./webhooks/deliver-webhooks.ts";
export type { Webhook } from "./webhooks/webhook.ts";
export { type WebhookBody, withWebhooks } from "./webhooks/webhook-store.ts";
