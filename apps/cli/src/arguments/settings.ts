import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { secretList, withoutFinalSlashes } from "@prewarm/shared/environment";
import type { Context } from "../platform/context.ts";
import { CliError, EXIT, usageError } from "../platform/exit-codes.ts";
import { type LocalStack, readLocalStacks } from "../site/places.ts";
import type { Arguments } from "./command.ts";
import { siteFolder } from "./load-config.ts";

const DEFAULT_CONTROL_URL = "http://localhost:8788";
const LOCAL_EDGE_URL = "http://localhost:8787";
export const ITTYBIT_URL = "https://api.ittybit.com";
const LOCAL_STATE_DIR = ".wrangler/prewarm";

/** The environment variables this program reads; docs/cli.md prints them. */
export const VARIABLES = {
  PREWARM_URL: "Control API (the consumer Worker). Default: where `prewarm dev` listens, else http://localhost:8788",
  PREWARM_EDGE_URL: "Edge. Default, with a local control API: where `prewarm dev` listens, else http://localhost:8787",
  PREWARM_CONFIG:
    "Configuration, where no prewarm.config.ts lies in the working directory or above it in its repository",
  ADMIN_TOKEN: "Token for the control API. Default, on this machine only: the local stack's, from `STATE_DIR`",
  STATE_DIR: "Where the local stack keeps its state. Default .wrangler/prewarm",
  SIGNING_KEYS: "Keys for `url`, comma-separated; the first one signs. Default, for a local edge: the local stack's",
  HOOK_SECRET: "`whsec_…` secret for `hook test`",
  ITTYBIT_API_KEY: "Key for `ittybit check`",
  ITTYBIT_API_URL: "Where `ittybit check` finds Ittybit. Default https://api.ittybit.com",
  ITTYBIT_ACCEPT_VERSION: "Version of its API that `ittybit check` asks for. Default: the newest",
  CLOUDFLARE_ACCOUNT_ID: "Account for `--r2-prefix`",
  CLOUDFLARE_API_TOKEN: "API token with R2 read rights for `--r2-prefix`",
  PREWARM_ALLOW_HTTP_UNSAFE: "`1` allows sending ADMIN_TOKEN unencrypted to another machine",
  CHROMIUM: "Path of Chromium or Chrome, for `coverage --browser`",
  NO_COLOR: "Anything but empty: no colours",
} as const;

type Place = Pick<Context, "env" | "cwd" | "uid" | "isRunning">;

/** Where the control API and the hooks are, without a trailing slash. Needs no token, because a hook is proved by its signature. */
export function readControlUrl(args: Arguments, context: Place): string {
  return trim(controlUrl(args, context));
}

function controlUrl(args: Arguments, context: Place): URL {
  const given = givenUrl(args, context);
  if (given !== null) return readUrl(given, "PREWARM_URL");
  refuseUnknown(args, "consumer", "--url, PREWARM_URL", "control");
  const stack = localStack(args, context);
  if (stack !== null && !context.isRunning(stack.pid))
    throw new CliError(
      EXIT.unreachable,
      `The local stack that answered at ${stack.control} has ended (.prewarm/local-stack.json).`,
      "Start it again with prewarm dev, or name another one with --url or PREWARM_URL.",
    );
  return readUrl(stack?.control ?? DEFAULT_CONTROL_URL, "the local stack's address");
}

function givenUrl(args: Arguments, { env }: Pick<Context, "env">): string | null {
  return args.text("url") ?? (env.PREWARM_URL || null);
}

/** An environment that was named is never taken for the local stack. */
function refuseUnknown(args: Arguments, worker: string, flags: string, setting: string): void {
  const to = args.text("to");
  if (to === null) return;
  throw usageError(
    `Nothing says where the ${worker} of ${to} answers.`,
    `prewarm deploy --to ${to} writes it down here. Else: ${flags}, or ${setting} in deploy.${to} of prewarm.config.ts.`,
  );
}

/** The newest stack that `prewarm dev` wrote down and that runs, else one that has ended; with STATE_DIR the stack of that state. */
function localStack(args: Arguments, context: Place): LocalStack | null {
  const { STATE_DIR } = context.env;
  const stateDir = STATE_DIR ? resolve(context.cwd, STATE_DIR) : null;
  const stacks = readLocalStacks(siteFolder(args, context), context.uid).filter(
    (stack) => stateDir === null || stack.stateDir === stateDir,
  );
  return stacks.find(({ pid }) => context.isRunning(pid)) ?? stacks[0] ?? null;
}

/** Where the local stack that has this edge reads originals: a URL with `{id}`. Null: the edge is no local stack's. */
export function localOriginals(edge: string, args: Arguments, context: Place): string | null {
  return (
    readLocalStacks(siteFolder(args, context), context.uid).find((stack) => stack.edge === edge)?.originals ?? null
  );
}

/**
 * Where the control API is (without a trailing slash), and the header that proves who asks. Throws a usage error when the token is missing
 * or would travel unencrypted.
 */
export function readControlSettings(args: Arguments, context: Place) {
  const { env } = context;
  const url = controlUrl(args, context);
  const local = isLoopback(url);
  if (url.protocol === "http:" && !local && env.PREWARM_ALLOW_HTTP_UNSAFE !== "1") {
    throw usageError(
      `${url.origin} is not https: ADMIN_TOKEN would travel in the clear.`,
      "Use https, or set PREWARM_ALLOW_HTTP_UNSAFE=1 on a network you trust.",
    );
  }
  const token = env.ADMIN_TOKEN || (local ? localSecret("admin-token", stateDirOf(args, context)) : null);
  if (token === null)
    throw usageError(
      "ADMIN_TOKEN is not set.",
      local
        ? "Start the local stack here first, or set the token."
        : "It is the consumer Worker's secret of that name.",
    );
  return { url: trim(url), headers: { authorization: `Bearer ${token}` } };
}

export type ControlSettings = ReturnType<typeof readControlSettings>;

/** Secrets of the environment. Shorter ones than this are words that texts may hold. Characters. */
const SECRET_MIN_CHARS = 8;
const SECRETS = [
  ...(["SIGNING_KEYS", "HOOK_SECRET", "ITTYBIT_API_KEY"] as const),
  "CLOUDFLARE_API_TOKEN",
] as const satisfies (keyof typeof VARIABLES)[];

/** Every secret that this program knows: what no answer to a stranger may hold. */
export function secretValues({ headers }: ControlSettings, { env }: Pick<Context, "env">): string[] {
  const token = headers.authorization.replace(/^Bearer /, "");
  const values = [token, ...SECRETS.flatMap((name) => (env[name] ?? "").split(","))];
  return values.map((value) => value.trim()).filter((value) => value.length >= SECRET_MIN_CHARS);
}

/** What the local stack made, and keeps beside its state; nothing but the local stack accepts it. */
function localSecret(file: "admin-token" | "signing-keys", stateDir: string): string | null {
  try {
    return readFileSync(join(stateDir, file), "utf8").trim() || null;
  } catch {
    return null;
  }
}

function stateDirOf(args: Arguments, context: Place): string {
  const { STATE_DIR } = context.env;
  if (STATE_DIR) return resolve(context.cwd, STATE_DIR);
  return localStack(args, context)?.stateDir ?? resolve(siteFolder(args, context), LOCAL_STATE_DIR);
}

/** The edge's URL, without a trailing slash. Throws a usage error when it is not known. */
export function readEdgeUrl(args: Arguments, context: Place): string {
  const url = readKnownEdgeUrl(args, context);
  if (url !== null) return url;
  refuseUnknown(args, "edge", "--edge-url, PREWARM_EDGE_URL", "edge");
  throw usageError("PREWARM_EDGE_URL is not set.", "It is the address your pages load images from.");
}

/** As `readEdgeUrl`, but null when it is not known. */
export function readKnownEdgeUrl(args: Arguments, context: Place): string | null {
  const given = args.text("edge-url") ?? context.env.PREWARM_EDGE_URL;
  if (given !== undefined && given !== "") return trim(readUrl(given, "PREWARM_EDGE_URL"));
  const stack = localStack(args, context);
  const control = givenUrl(args, context);
  if (control === null) return args.text("to") === null ? (stack?.edge ?? LOCAL_EDGE_URL) : null;
  const url = readUrl(control, "PREWARM_URL");
  if (!isLoopback(url)) return null;
  return stack?.control === trim(url) ? stack.edge : LOCAL_EDGE_URL;
}

/** Ittybit's address (without a trailing slash) and key. Throws a usage error when the key is missing or would travel unencrypted. */
export function readIttybitSettings({ env }: Pick<Context, "env">): {
  apiUrl: string;
  apiKey: string;
  acceptVersion: string | null;
} {
  const url = readUrl(env.ITTYBIT_API_URL || ITTYBIT_URL, "ITTYBIT_API_URL");
  if (url.protocol === "http:" && !isLoopback(url))
    throw usageError(`${url.origin} is not https: ITTYBIT_API_KEY would travel in the clear.`);
  const apiKey = (env.ITTYBIT_API_KEY ?? "").trim();
  if (apiKey === "") throw usageError("ITTYBIT_API_KEY is not set.", "It is the key from Ittybit's dashboard.");
  return { apiUrl: trim(url), apiKey, acceptVersion: env.ITTYBIT_ACCEPT_VERSION || null };
}

/** The picture that Ittybit is checked with. Throws a usage error when it is missing, or Ittybit cannot reach it. */
export function readOriginalUrl(original: string | null, apiUrl: string): string {
  if (original === null) throw usageError("--original is needed: the address of a picture that anybody may fetch.");
  if (!isWebAddress(original)) throw usageError(`${original} is no http(s) address.`);
  if (isLoopback(new URL(original)) && !isLoopback(new URL(apiUrl)))
    throw usageError(`${apiUrl} cannot fetch ${original}, which is on this machine.`);
  return original;
}

export function isWebAddress(text: string): boolean {
  return /^https?:\/\//i.test(text) && URL.canParse(text);
}

/** The signing keys, the first one signs; empty when there are none. Those of the local stack sign for a local edge only. */
export function readSigningKeys(args: Arguments, context: Place): string[] {
  const given = secretList(context.env.SIGNING_KEYS);
  const edge = given.length > 0 ? null : readKnownEdgeUrl(args, context);
  if (edge === null || !isLoopback(new URL(edge))) return given;
  return secretList(localSecret("signing-keys", stateDirOf(args, context)) ?? "");
}

function readUrl(text: string, name: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) throw usageError(`${name} is no http(s) URL: ${text}`);
  if (url.username !== "" || url.search !== "") throw usageError(`${name} may hold neither a user nor a query.`);
  return url;
}

export function isLoopback({ hostname }: URL): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d+){3}$/.test(hostname);
}

function trim(url: URL): string {
  return withoutFinalSlashes(url.href);
}
