/** How the dashboard is built: `src/web` into one folder of files that need nothing but the server that serves them. */
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";
import { readChart, statecharts } from "../src/inspect/index.ts";

const CHARTS = "virtual:statecharts";

/** The statecharts as they are in this version, read from the machines themselves while the dashboard is built. */
function chartsOfMachines(): Plugin {
  const charts = Object.entries(statecharts).map(([name, machine]) => {
    return { name, chart: readChart(machine) };
  });
  return {
    name: "safepoint-statecharts",
    resolveId: (id) => (id === CHARTS ? `\0${CHARTS}` : undefined),
    load: (id) => (id === `\0${CHARTS}` ? `export const charts = ${JSON.stringify(charts)};` : undefined),
  };
}

export default defineConfig({
  root: fileURLToPath(new URL("../src/web", import.meta.url)),
  // Relative: the server may be mounted below a path of its user's.
  base: "./",
  plugins: [react(), chartsOfMachines()],
  worker: { format: "es" },
  build: {
    target: "es2023",
    outDir: fileURLToPath(new URL("../dist/web", import.meta.url)),
    emptyOutDir: true,
    // Graphviz as WebAssembly is most of it, in a file of its own that only drawings load.
    chunkSizeWarningLimit: 2_000,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: {
    // `vite --config scripts/vite.config.ts` beside a running `safepoint serve`: everything that is no file is the API.
    proxy: Object.fromEntries(
      [
        "runs",
        "events",
        "inspect",
        "questions",
        "validate",
        "definitions",
        "control",
        "metrics",
        "healthz",
        "readyz",
      ].map((route) => [`/${route}`, { target: "http://127.0.0.1:7331", changeOrigin: true, headers: { origin: "" } }]),
    ),
  },
});
