/**
 * The process that measures one part of one scenario and sends what it found to its parent. Started by `run.ts`; to
 * profile a part, start it by hand: `NODE_ENV=production node --cpu-prof bench/measure-part.ts stages "many runs, FULL"`.
 */
import { type Scenario, withFolder } from "./scenario.ts";
import { SIZES, type SizeName } from "./sizes.ts";

// Asked for nothing, it has done all it should when everything is imported, and so compiled.
if (process.argv.length === 2) {
  await import("./scenarios.ts");
  process.exit();
}
const [scenario = "", part = "", size = "full"] = process.argv.slice(2);
// Alone: what the others need would lie in this process's memory.
const loaded: Readonly<Record<string, Scenario>> = await import(`./scenarios/${scenario}.ts`);
const measure = Object.values(loaded).find(({ parts }) => parts?.[part] !== undefined)?.parts[part];
if (!measure) throw new Error(`there is no part ${JSON.stringify(part)} of a scenario ${JSON.stringify(scenario)}`);
// Without its parent nobody wants to know.
const abandon = () => process.exit(1);
process.once("disconnect", abandon);
const measurements = await withFolder((folder) => measure({ sizes: SIZES[size as SizeName], folder }));
process.off("disconnect", abandon);
if (process.send) process.send(measurements, () => process.disconnect());
else console.table(measurements, ["what", "value", "unit", "spread"]);
