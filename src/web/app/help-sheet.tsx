import { Dialog } from "../parts/dialog.tsx";
import { useShortcutList } from "./shortcuts.ts";

/** Every key that is in force where the page is now. */
export function HelpSheet({ onClose }: { readonly onClose: () => void }) {
  const layers = useShortcutList();
  return (
    <Dialog title="Keyboard" onClose={onClose}>
      {layers.map(({ title, shortcuts }) => (
        <section key={title} className="keys">
          <h3>{title}</h3>
          <dl>
            {shortcuts.map(({ keys, does }) => (
              <div key={keys}>
                <dt>
                  {keys.split(" ").map((key) => (
                    <kbd key={key}>{key === "Escape" ? "esc" : key}</kbd>
                  ))}
                </dt>
                <dd>{does}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </Dialog>
  );
}
