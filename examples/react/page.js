/** The page: one panel for the run that its address names, as `/#r1`. */
import { createElement } from "react";
import { createRoot } from "react-dom/client";
import { connectRun } from "./connect-run.ts";
import { RunPanel } from "./run-panel.ts";

const run = await connectRun(`/runs/${location.hash.slice(1)}`);
createRoot(document.getElementById("root")).render(createElement(RunPanel, { run }));
