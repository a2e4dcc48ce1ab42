import { useState, useSyncExternalStore } from "react";
import { giveToken, isTokenWanted, onTokenWanted } from "../api/token.ts";
import { Dialog } from "../parts/dialog.tsx";

/** Asks for the server's token when the server has refused to answer without. */
export function TokenDialog() {
  const isWanted = useSyncExternalStore(onTokenWanted, isTokenWanted);
  const [token, setToken] = useState("");
  if (!isWanted) return null;
  return (
    <Dialog title="This server wants its token">
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          giveToken(token);
          setToken("");
        }}
      >
        <p className="muted">
          It is the content of the file that the server was started with. It is kept for this tab only.
        </p>
        <label className="field">
          Token
          <input type="password" autoComplete="off" required value={token} onChange={(e) => setToken(e.target.value)} />
        </label>
        <div className="row end">
          <button type="submit" className="primary">
            Go on
          </button>
        </div>
      </form>
    </Dialog>
  );
}
