/** `npm run test:soak -- <name> [options]`: the long tests, each in a file of its own below test/soak/. */
const SOAKS: Readonly<Record<string, () => Promise<{ soak(args: readonly string[]): Promise<boolean> }>>> = {
  control: () => import("./soak/control.ts"),
  programs: () => import("./soak/programs.ts"),
};

const [name = "", ...args] = process.argv.slice(2);
const load = SOAKS[name];
if (!load) {
  console.error(`expected one of ${Object.keys(SOAKS).join(", ")}, found ${JSON.stringify(name)}`);
  process.exit(2);
}
const { soak } = await load();
// Commands that nobody answered any more may hold timers of this process.
process.exit((await soak(args)) ? 0 : 1);
