import { MAIN_BRANCH, parseStageAddress } from "../../journal/address.ts";

/** `build#1` on the main path, `build@2#1` on a later visit, the whole address in other branches. */
export function shortStage(address: string, attempt?: number): string {
  const { branch, node, visit } = parseStageAddress(address);
  const place = branch === MAIN_BRANCH ? `${node}${visit > 1 ? `@${visit}` : ""}` : address;
  return attempt === undefined ? place : `${place}#${attempt}`;
}
