// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of pipelines, not of this file
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isSafepointError } from "../../src/errors.ts";
import { SHELL_VALUE_BYTES_MAX, toShellVariables } from "../../src/graph/expand-shell.ts";
import type { JsonValue } from "../../src/graph/outcome.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "safepoint-shell-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Values = Record<string, JsonValue>;

function rewrite(command: string, values: Values): { command: string; env: Readonly<Record<string, string>> } {
  return toShellVariables(command, (name) => (Object.hasOwn(values, name) ? values[name] : undefined));
}

/** What the rewritten command prints in a real shell, in an otherwise empty folder. */
function printed(command: string, values: Values, more: Record<string, string> = {}): string {
  const { command: rewritten, env } = rewrite(command, values);
  const options = {
    cwd: folder,
    env: { PATH: process.env["PATH"] ?? "", ...more, ...env },
    stdio: ["ignore", "pipe", "pipe"] as ["ignore", "pipe", "pipe"],
  };
  return execFileSync("sh", ["-c", rewritten], options).toString();
}

const NASTY = [
  "$(touch PWNED)",
  "`touch PWNED`",
  '"; touch PWNED; "',
  "'; touch PWNED; '",
  "'\"; touch PWNED; \"'",
  "; touch PWNED",
  "&& touch PWNED",
  "| touch PWNED",
  "> PWNED",
  "x\ntouch PWNED\n",
  "\\",
  '\\"; touch PWNED #',
  "${PATH} $PATH $((1+1)) *",
  "EOF\ntouch PWNED\nEOF",
  "}; touch PWNED; {",
  ") touch PWNED (",
  "-n -e \\c",
  "  two  blanks\tand a tab ",
  "é\u{1F600}",
  "",
];

const PLACES: readonly (readonly [name: string, command: string, expected: (value: string) => string])[] = [
  ["bare", "printf '%s' ${v}", (value) => value],
  ["bare beside text", "printf '%s' a${v}b", (value) => `a${value}b`],
  ["double quotes", "printf '%s' \"a ${v} b\"", (value) => `a ${value} b`],
  ["single quotes", "printf '%s' 'a ${v} b'", (value) => `a ${value} b`],
  ["single quotes in a format", "printf 'x%sx' '{{ v }}'", (value) => `x${value}x`],
  ["single quotes inside double quotes", "printf '%s' \"it's ${v}\"", (value) => `it's ${value}`],
  ["double quotes inside single quotes", "printf '%s' 'say \"${v}\"'", (value) => `say "${value}"`],
  ["command substitution", "printf '%s' \"$(printf '%sX' ${v})\"", (value) => `${value}X`],
  ["quotes in a substitution in quotes", "printf '%s' \"$(printf '%sX' \"${v}\")\"", (value) => `${value}X`],
  ["backquotes", "printf '%s' \"`printf '%sX' ${v}`\"", (value) => `${value}X`],
  ["after the length of a variable", "x=abc; printf '%s' ${#x}${v}", (value) => `3${value}`],
  ["after a pattern with a parenthesis", "x='a(b'; printf '%s' ${x%%(*}'${v}'", (value) => `a${value}`],
  ["assignment", "x=${v}; printf '%s' \"$x\"", (value) => value],
  ["default of an unset variable", "printf '%s' \"${UNSET_ONE:-${v}}\"", (value) => value],
  ["default outside of quotes", "printf '%s' ${UNSET_ONE:-${v}}", (value) => value],
  ["here-document", 'cat <<EOF\nit\'s "${v}"\nEOF\n', (value) => `it's "${value}"\n`],
  ["here-document with tabs", "cat <<-EOF\n\t${v}.\n\tEOF\n", (value) => `${value}.\n`],
  ["after a here-document", "cat <<A; printf '%s' ${v}\nA\n", (value) => value],
  ["after an apostrophe in a comment", "# don't\nprintf '%s' '${v}'", (value) => value],
  ["in a subshell", "(printf '%s' ${v})", (value) => value],
  ["in a case", "case ${v} in x) printf x;; *) printf '%s' \"${v}\";; esac", (value) => value],
];

describe("no value becomes a command", () => {
  it.each(PLACES)("%s", (_name, command, expected) => {
    for (const value of NASTY) expect(printed(command, { v: value })).toBe(expected(value));
    expect(readdirSync(folder)).toEqual([]);
  });

  it("arbitrary values arrive as they are, in every place at once", () => {
    const command = "printf '%s|%s|%s|%s' ${v} \"${v}\" '${v}' \"$(printf '%s.' ${v})\"";
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 40 }), (value) => {
        fc.pre(!value.includes("\0"));
        expect(printed(command, { v: value })).toBe(`${value}|${value}|${value}|${value}.`);
      }),
      { numRuns: 60 },
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  it("the command's text never holds a value", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.constantFrom(
            "'",
            '"',
            "`",
            "$(",
            ")",
            "${v}",
            "{{ v }}",
            "$((",
            "))",
            "<<E\n",
            "\nE\n",
            "#",
            "\\",
            "${X:-",
            "}",
            " ",
            "\n",
            "a",
          ),
        ),
        (parts) => {
          const { command } = rewrite(parts.join(""), { v: "4711004711" });
          expect(command).not.toContain("4711004711");
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it("in arithmetic only whole numbers are let in: a shell would evaluate anything else", () => {
    expect(printed("printf '%s' $(( ${n} * (${n} + 1) ))", { n: 6 })).toBe("42");
    expect(printed("printf '%s' \"$((${n}+1))\"", { n: "-3" })).toBe("-2");
    for (const value of ["a[$(touch PWNED)]", "1+1", "", "0x10", "1.5"]) {
      expect(() => rewrite("echo $(( ${n} ))", { n: value }), value).toThrow(/whole number/);
    }
    expect(() => rewrite('echo $(( "${n}" + ${X:-${n}} ))', { n: "x" })).toThrow(/whole number/);
    expect(() => rewrite("echo $(( ${X:-${n}} ))", { n: "x" })).toThrow(/whole number/);
    expect(() => rewrite("(( ${n} > 1 ))", { n: "x" })).toThrow(/whole number/);
    expect(printed("printf '%s' $(( $(printf '%s' ${n} | wc -c) ))", { n: "four" }).trim()).toBe("4");
  });
});

describe("what is left to the shell", () => {
  it.each([
    ["${NAME}", "from the shell"],
    ["$NAME", "from the shell"],
    ["${NAME:-none}", "from the shell"],
    ["${NONE-none}", "none"],
    ["${#NAME}", "14"],
  ])("%s", (text, expected) => {
    expect(printed(`printf '%s' "${text}"`, { other: 1 }, { NAME: "from the shell" })).toBe(expected);
  });

  it("escaped dollars, unknown {{ names }} and template languages stay", () => {
    for (const command of [
      'echo \\${v} "\\$goal"',
      "docker inspect -f '{{ .State }}' x",
      "echo {{ other }} $goals $task",
    ]) {
      expect(rewrite(command, { v: 1, goal: "g" })).toEqual({ command, env: {} });
    }
  });

  it("a here-document with a quoted delimiter is the author's own text", () => {
    expect(printed("cat <<'EOF'\n${v} it's\nEOF\nprintf '%s' '${v}'", { v: "x" })).toBe("${v} it's\nx");
  });
});

describe("names and limits", () => {
  it("goal, inputs and dotted keys get names of their own; names that would fall together are numbered", () => {
    const { command, env } = rewrite("echo $goal ${work.item} ${work_item} ${work.item} ${inputs.x}", {
      goal: "g",
      "work.item": 1,
      work_item: 2,
      "inputs.x": [3],
    });
    expect(env).toEqual({ SP_VAR_goal: "g", SP_VAR_work_item: "1", SP_VAR_work_item__2: "2", SP_VAR_inputs_x: "[3]" });
    expect(command).toBe(
      'echo "${SP_VAR_goal}" "${SP_VAR_work_item}" "${SP_VAR_work_item__2}" "${SP_VAR_work_item}" "${SP_VAR_inputs_x}"',
    );
  });

  it.each([
    ["NUL", "a\0b"],
    ["too long", "x".repeat(SHELL_VALUE_BYTES_MAX + 1)],
    ["too long in bytes", "é".repeat(SHELL_VALUE_BYTES_MAX / 2 + 1)],
  ])("a value that no environment can carry is refused by name: %s", (_name, value) => {
    try {
      rewrite("echo ${big}", { big: value });
      expect.unreachable();
    } catch (thrown) {
      if (!isSafepointError(thrown)) throw thrown;
      expect([thrown.code, thrown.details["variable"]]).toEqual(["input_invalid", "big"]);
    }
  });

  it("the longest value allowed does reach the process", () => {
    expect(printed("printf '%s' ${big} | wc -c", { big: "x".repeat(SHELL_VALUE_BYTES_MAX) }).trim()).toBe(
      String(SHELL_VALUE_BYTES_MAX),
    );
  });

  it("any text is rewritten in bounded time", () => {
    const parts = ["'", '"', "`", "$(", "${", "((", "<<A", "\n", "#", "\\"];
    for (const part of parts) expect(rewrite(part.repeat(50_000), {}).command).toBe(part.repeat(50_000));
  });
});
