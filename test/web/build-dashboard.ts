/** Before the first test: the dashboard as its sources are now, where the server looks for it. */
import { join } from "node:path";
import { build } from "vite";
import { ROOT } from "../tidy/sources.ts";

export default async function setup(): Promise<void> {
  await build({ configFile: join(ROOT, "scripts", "vite.config.ts"), logLevel: "warn" });
}
