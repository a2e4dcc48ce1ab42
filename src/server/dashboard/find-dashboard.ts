import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** From here to the bundle: in the package, and in a checkout whose server runs from its sources. */
const PLACES = ["../../web/", "../../../dist/web/"] as const;
/** Only a bundle has it; the sources it is made of do not. */
const MARK = "assets/";

/** Directory of the dashboard that comes with this version; undefined in a checkout where nothing was built. */
export function findDashboard(): string | undefined {
  return PLACES.map((place) => new URL(place, import.meta.url))
    .filter((place) => existsSync(new URL("index.html", place)) && existsSync(new URL(MARK, place)))
    .map((place) => fileURLToPath(place))[0];
}
