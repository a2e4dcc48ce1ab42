/**
 * Sees to it that there is a Chromium for `npm run test:web`: Debian's own, installed with apt where it is missing and
 * that is allowed. Elsewhere says what to do.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const places = [process.env["CHROMIUM"], "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const found = places.find((path) => path !== undefined && existsSync(path));

process.exitCode = found === undefined ? install() : 0;

function install(): number {
  if (!existsSync("/usr/bin/apt-get") || process.getuid?.() !== 0) {
    console.error(
      "There is no Chromium here. Install one (on Debian: apt-get install chromium), or name it in CHROMIUM.",
    );
    return 1;
  }
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  for (const argv of [["update"], ["install", "-y", "--no-install-recommends", "chromium"]]) {
    const { status, error } = spawnSync("apt-get", argv, { stdio: "inherit", env });
    if (error) throw error;
    if (status !== 0) return status ?? 1;
  }
  return 0;
}
