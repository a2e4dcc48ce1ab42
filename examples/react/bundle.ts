/** The page as one file for browsers; a project of your own has a build for this. */
import { build, type Rollup } from "vite";

export async function bundle(entry: string): Promise<string> {
  const built = (await build({
    configFile: false,
    logLevel: "warn",
    define: { "process.env.NODE_ENV": '"production"' },
    build: { write: false, lib: { entry, formats: ["es"] } },
  })) as Rollup.RollupOutput[];
  const code = built.flatMap(({ output }) => output).find((file) => file.type === "chunk")?.code;
  if (code === undefined) throw new Error(`nothing was built of ${entry}`);
  return code;
}
