import { defineConfig } from "vitest/config";

/** Tests in a browser: a server as a process and Chromium beside it, one file at a time. `npm run test:web`. */
export default defineConfig({
  test: {
    include: ["test/web/**/*.browser.ts"],
    globalSetup: "test/web/build-dashboard.ts",
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 1,
  },
});
