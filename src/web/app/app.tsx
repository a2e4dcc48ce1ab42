import { useCallback, useState, useSyncExternalStore } from "react";
import { Empty } from "../parts/empty.tsx";
import { QuestionsPage } from "../questions/questions-page.tsx";
import { RunPage } from "../run/run-page.tsx";
import { RunsPage } from "../runs/runs-page.tsx";
import { StartPage } from "../start/start-page.tsx";
import { HelpSheet } from "./help-sheet.tsx";
import { Messages } from "./messages.tsx";
import { navigate, type Route, useRoute } from "./route.ts";
import { useShortcuts } from "./shortcuts.ts";
import { storeConnection, watchConnection } from "./store-events.ts";
import { toggleTheme, useTheme } from "./theme.ts";
import { TokenDialog } from "./token-dialog.tsx";
import { useOpenQuestions } from "./use-open-questions.ts";

const PAGES = [
  { page: "runs", name: "Runs", href: "#/runs", keys: "g r" },
  { page: "questions", name: "Questions", href: "#/questions", keys: "g q" },
  { page: "start", name: "Start a run", href: "#/start", keys: "g s" },
] as const;

/** The shell around every page. */
export function App() {
  const route = useRoute();
  const [isHelpShown, setHelpShown] = useState(false);
  const closeHelp = useCallback(() => setHelpShown(false), []);
  useShortcuts("Everywhere", [
    ...PAGES.map(({ name, href, keys }) => ({ keys, does: `Go to ${name.toLowerCase()}`, run: () => navigate(href) })),
    { keys: "t", does: "Dark or light", run: toggleTheme },
    { keys: "?", does: "This sheet", run: () => setHelpShown((isShown) => !isShown) },
  ]);
  return (
    <>
      <button type="button" className="skip" onClick={() => document.getElementById("content")?.focus()}>
        Skip to the content
      </button>
      <TopBar route={route} onHelp={() => setHelpShown(true)} />
      <main id="content" tabIndex={-1}>
        <Page route={route} />
      </main>
      <Messages />
      <TokenDialog />
      {isHelpShown && <HelpSheet onClose={closeHelp} />}
    </>
  );
}

function TopBar({ route, onHelp }: { readonly route: Route; readonly onHelp: () => void }) {
  const theme = useTheme();
  const questions = useOpenQuestions();
  const connection = useSyncExternalStore(watchConnection, storeConnection);
  const here = route.page === "run" ? "runs" : route.page;
  return (
    <header className="top">
      <a className="brand" href="#/runs">
        <img src="./icon.svg" alt="" width="20" height="20" />
        Safepoint
      </a>
      <nav aria-label="Pages">
        {PAGES.map(({ page, name, href }) => (
          <a key={page} href={href} aria-current={page === here ? "page" : undefined}>
            {name}
            {page === "questions" && questions.length > 0 && (
              <span className="count" title={`${questions.length} open`}>
                {questions.length}
              </span>
            )}
          </a>
        ))}
      </nav>
      <span className="grow" />
      {connection === "lost" && (
        <span className="connection lost" role="status">
          reconnecting
        </span>
      )}
      <button
        type="button"
        className="quiet icon"
        aria-label={`Theme: ${theme}`}
        title="Dark or light (t)"
        onClick={toggleTheme}
      >
        {theme === "dark" ? "☾" : "☀"}
      </button>
      <button
        type="button"
        className="quiet icon"
        aria-label="Keyboard shortcuts"
        title="Keyboard (?)"
        onClick={onHelp}
      >
        ?
      </button>
    </header>
  );
}

function Page({ route }: { readonly route: Route }) {
  switch (route.page) {
    case "run":
      return <RunPage key={route.runId} runId={route.runId} tab={route.tab} query={route.query} />;
    case "runs":
      return <RunsPage query={route.query} />;
    case "questions":
      return <QuestionsPage />;
    case "start":
      return <StartPage />;
    default:
      return (
        <>
          <h1 className="sr-only">Not found</h1>
          <Empty title="There is no such page">
            <a href="#/runs">All runs</a>
          </Empty>
        </>
      );
  }
}
