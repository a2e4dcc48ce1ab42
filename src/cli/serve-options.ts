/** What `serve` is told on its command line: where to listen, who may ask, whom to tell. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { messageOf, SafepointError } from "../errors.ts";
import type { ServeOptions } from "../server/node/serve.ts";
import type { Webhook } from "../server/webhooks/webhook.ts";
import type { Cli } from "./cli.ts";
import { badValue, readCount } from "./option-values.ts";
import { readDefinitions } from "./read-definitions.ts";

export interface ServeWords {
  readonly port: string;
  readonly host: string;
  readonly tokenFile?: string;
  readonly allowHost?: readonly string[];
  readonly pipelines?: string;
  readonly webhook?: readonly string[];
  readonly webhookSecretFile?: string;
}

const PORT_MAX = 65_535;
const LOOPBACK_NAMES = ["localhost", "127.0.0.1", "[::1]"];

/** *Throws* `usage`, `file_not_found`, `configuration`, `pipeline_invalid`. */
export async function readServeOptions(cli: Cli, words: ServeWords): Promise<ServeOptions & { readonly port: number }> {
  const { allowHost, pipelines, tokenFile, host } = words;
  const port = readCount("--port", words.port);
  if (port > PORT_MAX) throw badValue("--port", `at most ${PORT_MAX}`, words.port);
  return {
    port,
    host,
    baseDir: resolve(cli.io.cwd, pipelines ?? "."),
    ...(tokenFile === undefined ? {} : { token: await readSecret(cli, "--token-file", tokenFile) }),
    ...(allowHost === undefined ? {} : { hosts: [...allowHost, ...LOOPBACK_NAMES] }),
    ...(pipelines === undefined ? {} : { definitions: await readDefinitions(cli, pipelines) }),
  };
}

/** Named by their addresses, so that what one process could not send is sent by the next. *Throws* as above. */
export async function readWebhooks(
  cli: Cli,
  { webhook: urls = [], webhookSecretFile: file }: Pick<ServeWords, "webhook" | "webhookSecretFile">,
): Promise<readonly Webhook[]> {
  if (urls.length === 0) return [];
  if (file === undefined) {
    throw new SafepointError("usage", "--webhook: expected --webhook-secret-file beside it: what is sent is signed", {
      details: { hint: "a file with one word that the receiver knows, too" },
    });
  }
  const secret = await readSecret(cli, "--webhook-secret-file", file);
  return [...new Set(urls)].map((url) => {
    if (!URL.canParse(url)) throw badValue("--webhook", "an http or https URL", url);
    return { name: createHash("sha256").update(url).digest("hex").slice(0, 16), url, secret };
  });
}

/** The one word of a file. */
async function readSecret(cli: Cli, option: string, file: string): Promise<string> {
  const text = await readFile(resolve(cli.io.cwd, file), "utf8").catch((cause: unknown) => {
    throw new SafepointError("file_not_found", `${option}: cannot read ${file}: ${messageOf(cause)}`, { cause });
  });
  const word = text.trim();
  if (/^\S+$/.test(word)) return word;
  const found = word === "" ? "none" : "more";
  throw new SafepointError("configuration", `${option}: expected one word in ${file}, found ${found}`);
}
