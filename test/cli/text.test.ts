import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readDuration, readJsonOrText, readPairs } from "../../src/cli/option-values.ts";
import { columnsOf, printable, shorten } from "../../src/cli/text/printable.ts";
import { formatTable } from "../../src/cli/text/table.ts";
import { formatSpan } from "../../src/cli/text/times.ts";

describe("formatSpan", () => {
  it.each([
    [-5, "0ms"],
    [0, "0ms"],
    [999, "999ms"],
    [1_000, "1.0s"],
    [59_999, "59.9s"],
    [60_000, "1m 00s"],
    [187_000, "3m 07s"],
    [3_600_000, "1h 00m"],
    [7_500_000, "2h 05m"],
    [86_400_000, "1d 0h"],
    [273_600_000, "3d 4h"],
  ])("%i ms is %s", (ms, text) => expect(formatSpan(ms)).toBe(text));
});

describe("printable text", () => {
  it("holds nothing a terminal acts on", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
        expect(printable(text)).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
      }),
    );
    expect(printable("a\u001b]0;title\u0007b\u202ec")).toBe("ab c");
  });

  it("is shortened to any width, by whole letters", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.nat(20), (text, width) => {
        const line = printable(text);
        expect(columnsOf(shorten(line, width))).toBeLessThanOrEqual(width);
        if (columnsOf(line) <= width) expect(shorten(line, width)).toBe(line);
      }),
    );
    expect(shorten("abcdef", 4)).toBe("abc…");
    expect(columnsOf("構築")).toBe(4);
    expect(columnsOf("é")).toBe(1);
    expect(columnsOf("👩‍👩‍👧")).toBe(2);
  });
});

describe("formatTable", () => {
  it("aligns columns by what is seen, without trailing blanks", () => {
    expect(
      formatTable([
        ["A", "B", "C"],
        ["構", "1", ""],
        ["xyz", "22", "z"],
      ]),
    ).toBe("A    B   C\n構   1\nxyz  22  z");
  });
});

describe("option values", () => {
  it("are JSON if they parse, else text", () => {
    expect(["3", "true", '{"a":1}', '"3"', "abc", "", "01"].map(readJsonOrText)).toEqual([
      3,
      true,
      { a: 1 },
      "3",
      "abc",
      "",
      "01",
    ]);
  });

  it("split pairs at the first sign", () => {
    expect(readPairs("--input", ["a=b=c", "x=", "a=last"])).toEqual({ a: "last", x: "" });
    expect(Object.entries(readPairs("--input", ["__proto__=1"]))).toEqual([["__proto__", "1"]]);
    for (const bad of ["a", "=b"]) expect(() => readPairs("--input", [bad])).toThrow(/--input: expected key=value/);
  });

  it("read durations, a bare number as seconds", () => {
    expect(["250ms", "30", "30s", "2m", "1h"].map((text) => readDuration("--timeout", text))).toEqual([
      250, 30_000, 30_000, 120_000, 3_600_000,
    ]);
    expect(() => readDuration("--timeout", "soon")).toThrow(/--timeout: expected a duration/);
  });
});
