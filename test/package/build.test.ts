import { access, constants, mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { ROOT } from "../tidy/sources.ts";
import { build, manifest, runWell } from "./commands.ts";

describe("the build", () => {
  beforeAll(build, 60_000);

  it("may be run by two at once, and leaves one whole dist", async () => {
    const dir = await mkdtemp(join(tmpdir(), "safepoint-build-"));
    const out = join(dir, "dist");
    const script = join(ROOT, "scripts", "build.ts");
    const once = () => runWell(process.execPath, [script, "--out-dir", out], { cwd: ROOT });
    await Promise.all([once(), once()]);
    await access(join(out, "cli", "bin.js"), constants.X_OK);
    // Whoever may read the checkout may run what is built in it.
    expect((await stat(out)).mode & 0o777).toBe(0o755);
    expect(await readdir(dir)).toEqual(["dist"]);
    await rm(dir, { recursive: true, force: true });
  });

  it("makes a file and its types for every door", async () => {
    for (const targets of Object.values(manifest().exports)) {
      if (typeof targets === "string") continue;
      for (const target of Object.values(targets as Record<string, string>)) await access(join(ROOT, target));
    }
  });

  it("leaves no import of TypeScript behind", async () => {
    const files = (await readdir(join(ROOT, "dist"), { recursive: true })).filter((name) =>
      /\.(?:js|d\.ts)$/.test(name),
    );
    expect(files.length).toBeGreaterThan(50);
    for (const file of files) {
      const text = await readFile(join(ROOT, "dist", file), "utf8");
      const imports = [...text.matchAll(/(?:from|import)\s*\(?\s*["'](\.{1,2}\/[^"']+)["']/g)].map(
        (match) => match[1] ?? "",
      );
      expect(
        imports.filter((specifier) => !/\.js(?:on)?$/.test(specifier)).map((specifier) => [file, specifier]),
      ).toEqual([]);
    }
  });
});
