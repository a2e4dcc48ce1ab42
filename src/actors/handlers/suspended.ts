/** Thrown through a handler's call: its machine has stopped, stored, at a boundary. Never leaves `runHandler`. */
export class Suspended extends Error {
  override readonly name = "Suspended";

  constructor() {
    super("the machine is suspended");
  }
}
