import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app/app.tsx";
import { listenForShortcuts } from "./app/shortcuts.ts";

const place = document.getElementById("app");
if (!place) throw new Error("the page has no place for the dashboard");
listenForShortcuts();
createRoot(place).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
