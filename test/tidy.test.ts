import { describe, expect, it } from "vitest";
import { checkArrows, checkCycles, checkPackages, PACKAGES } from "./tidy/arrows.ts";
import { checkLock, checkName, checkSelection, checkText } from "./tidy/hygiene.ts";
import { checkDoors, checkListOfExports, checkRoomReadme, doorsOf, roomsOf } from "./tidy/layout.ts";
import { checkPurity } from "./tidy/purity.ts";
import { checkFileSize, checkFunctions } from "./tidy/sizes.ts";
import { codeSources, projectPaths, readSource, textSources } from "./tidy/sources.ts";
import { importsOf, parseSources } from "./tidy/syntax.ts";

const paths = projectPaths();
const src = parseSources(codeSources("src"));
const code = parseSources(codeSources("src", "scripts", "examples", "bench"));
const tests = parseSources(codeSources("test", "examples"));

describe("rooms", () => {
  it("import along the arrows", () => expect(src.flatMap(checkArrows)).toEqual([]));

  it("load no module in a circle", () => expect(checkCycles(src)).toEqual([]));

  it("use each package in its one place", () => expect(src.flatMap(checkPackages)).toEqual([]));

  it("use every package the manifest asks for, and no other", () => {
    const manifest = JSON.parse(readSource("package.json").text) as { dependencies: Record<string, string> };
    const listed = Object.keys(PACKAGES).filter((name) => !name.startsWith("node:"));
    const packageOf = (specifier: string) =>
      listed.find((name) => specifier === name || specifier.startsWith(`${name}/`));
    const used = new Set(src.flatMap(importsOf).map(({ specifier }) => packageOf(specifier)));
    expect(listed.filter((name) => !used.has(name))).toEqual([]);
    expect(Object.keys(manifest.dependencies).sort()).toEqual(listed.sort());
  });

  it("are pure where they say so", () => expect(src.flatMap(checkPurity)).toEqual([]));

  it.each(roomsOf(paths))("%s has a README", (room) => {
    const path = `src/${room}/README.md`;
    expect(checkRoomReadme(room, paths.includes(path) ? readSource(path) : undefined)).toEqual([]);
  });

  it("have doors only where the package has", () => {
    expect(checkDoors(paths, doorsOf(readSource("package.json")))).toEqual([]);
  });

  it("are listed by name in the library's door", () => {
    expect(src.filter((file) => file.path === "src/index.ts").flatMap(checkListOfExports)).toEqual([]);
  });
});

describe("sizes", () => {
  it("of files", () => expect(codeSources().flatMap(checkFileSize)).toEqual([]));

  it("of functions", () => expect(code.flatMap(checkFunctions)).toEqual([]));
});

describe("hygiene", () => {
  it("of names", () => expect(paths.flatMap(checkName)).toEqual([]));

  it("of texts", () => {
    const texts = textSources().filter((source) => source.path !== "package-lock.json");
    expect(texts.flatMap(checkText)).toEqual([]);
  });

  it("of the lock file", () => expect(checkLock(readSource("package-lock.json"))).toEqual([]));

  it("of tests: none is left out", () => expect(tests.flatMap(checkSelection)).toEqual([]));
});
