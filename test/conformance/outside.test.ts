/** From other processes: the server behind a socket, and the command line as a program. */
import { expect, it } from "vitest";
import { binaryDoor } from "./cli-door.ts";
import { socketDoor } from "./http-door.ts";
import { libraryDoor } from "./library-door.ts";
import { ASKING, GATE, pipeline, play } from "./play.ts";

it("a run with a question is the same over a socket and to processes of their own", { timeout: 60_000 }, async () => {
  await play(
    async ({ door, entry }) => {
      await door.start(ASKING, { runId: "m", inputs: { pr: 42 }, labels: { team: "x" } });
      await entry("m", "gate.opened");
      const codes = [
        await door.pause("m", { commandId: "cmd-1", reason: "lunch" }),
        await door.pause("m", { commandId: "cmd-1", reason: "lunch" }),
        await door.cancel("m", { commandId: "cmd-1" }),
        await door.answer("m", { gate: GATE, answer: "perhaps" }),
        await door.answer("m", { gate: "main/other@1", answer: "Yes" }),
        await door.view("no"),
        await door.start("digraph {", { runId: "x" }),
        await door.answer("m", { gate: GATE, answer: "Yes" }),
        await door.answer("m", { gate: GATE, answer: "Yes" }),
        await door.cancel("m", { branch: "main" }),
        await door.context("m", { branch: "main/fan@1/0" }),
        await door.continue("m", { message: "go" }),
      ];
      expect(codes.map(({ code }) => code)).toEqual([
        "ok",
        "ok",
        "command_id_reused",
        "answer_invalid",
        "gate_not_found",
        "run_not_found",
        "pipeline_invalid",
        "ok",
        "gate_answered",
        "use_run_cancel",
        "branch_not_found",
        "ok",
      ]);
      expect((await door.finished("m")).value).toEqual({ status: "completed" });
      expect((await door.continue("m")).code).toBe("run_finished");
      await door.view("m");
      await door.events("m");
      await door.list();
      await door.graph("m", "svg");
    },
    { doors: [libraryDoor, socketDoor, binaryDoor] },
  );
});

it("a run that is paused, cancelled and forked, too", { timeout: 60_000 }, async () => {
  await play(
    async ({ door, entry }) => {
      await door.start(pipeline('ask [type="wait.human", label=Wait, human.kind=freeform]; start -> ask -> exit'), {
        runId: "m",
      });
      await entry("m", "gate.opened");
      await door.cancel("m", { reason: "enough" });
      expect((await door.finished("m")).value).toEqual({ status: "cancelled" });
      await door.fork("m", { runId: "n" });
      await door.pause("n");
      await door.continue("n");
      expect((await door.resume("n")).code).toBe("ok");
      await door.answer("n", { gate: GATE, answer: "-- five > three" });
      expect((await door.finished("n")).value).toEqual({ status: "completed" });
      await door.context("n");
      await door.lineage("m");
    },
    { doors: [libraryDoor, socketDoor, binaryDoor] },
  );
});
