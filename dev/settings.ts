import { randomBytes } from "node:crypto";
import { accessSync, constants, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Config, secretNames } from "@prewarm/shared/config";

/** What `npm start` reads from the environment (README, "Local stack"). */
export interface StackSettings {
  port: number;
  controlPort: number;
  /** Null: the embedded emulator. */
  ittybitApiUrl: string | null;
  ittybitApiKey: string;
  /** Null: the sample originals. */
  originalsUrl: string | null;
  /** A folder of one's own pictures, absolute; null: none. */
  originalsDir: string | null;
  adminToken: string;
  viewerToken: string;
  hookSecret: string;
  stateDir: string;
  signingKeys: string;
  /** `wake`, or "": what the configuration says. */
  ittybitWebhooks: string;
  ittybitWebhookSecret: string;
}

export function readSettings(env: Record<string, string | undefined>): StackSettings {
  const stateDir = resolve(env.STATE_DIR || ".wrangler/prewarm");
  refuseUnwritable(stateDir);
  const settings: StackSettings = {
    port: portOf(env.PORT, "PORT", 8787),
    controlPort: portOf(env.CONTROL_PORT, "CONTROL_PORT", 8788),
    ittybitApiUrl: urlOf(env.ITTYBIT_API_URL, "ITTYBIT_API_URL"),
    ittybitApiKey: env.ITTYBIT_API_KEY || "local",
    originalsUrl: urlOf(env.ORIGINALS_URL, "ORIGINALS_URL"),
    // Meant from where npm was called.
    originalsDir: env.ORIGINALS_DIR ? resolve(env.INIT_CWD || ".", env.ORIGINALS_DIR) : null,
    adminToken: env.ADMIN_TOKEN || keptSecret(stateDir, "admin-token", () => randomBytes(24).toString("base64url")),
    viewerToken: env.VIEWER_TOKEN || keptSecret(stateDir, "viewer-token", () => randomBytes(24).toString("base64url")),
    hookSecret:
      env.HOOK_SECRET || keptSecret(stateDir, "hook-secret", () => `whsec_${randomBytes(32).toString("base64")}`),
    stateDir,
    signingKeys: env.SIGNING_KEYS || "",
    ittybitWebhooks: env.ITTYBIT_WEBHOOKS || "",
    ittybitWebhookSecret: env.ITTYBIT_WEBHOOK_SECRET || "",
  };
  refuseUnreachableOriginals(settings);
  if (settings.originalsUrl && settings.originalsDir)
    throw new Error("ORIGINALS_URL and ORIGINALS_DIR both say where originals are: set one of them.");
  if (settings.port === settings.controlPort && settings.port !== 0)
    throw new Error(`PORT and CONTROL_PORT are both ${settings.port}: edge and consumer need one each.`);
  if (settings.originalsUrl && !settings.originalsUrl.includes("{id}"))
    throw new Error("ORIGINALS_URL needs {id} where the image's id goes.");
  return settings;
}

/** The secrets of hooks and of old URLs that the environment holds, by the names that the configuration gives them. */
export function namedSecrets(
  { hooks, legacy }: Config,
  env: Record<string, string | undefined>,
): Record<string, string> {
  const ofHooks = Object.values(hooks).flatMap(({ verifier }) => secretNames(verifier));
  const names = [...ofHooks, ...legacy.flatMap(({ secrets }) => secrets)];
  return Object.fromEntries(names.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
}

function portOf(text: string | undefined, name: string, fallback: number): number {
  if (!text) return fallback;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new Error(`${name} must be a port from 0 to 65535, not "${text}".`);
  return port;
}

function urlOf(text: string | undefined, name: string): string | null {
  if (!text) return null;
  const url = URL.parse(text.replace("{id}", "id"));
  if (!url || !/^https?:$/.test(url.protocol)) throw new Error(`${name} must be an http or https URL, not "${text}".`);
  return text.replace(/\/$/, "");
}

/** A secret that stays the same as long as the state does, so that a sender set up once keeps working. The command line reads `admin-token`. */
function keptSecret(stateDir: string, name: string, make: () => string): string {
  const file = join(stateDir, name);
  if (!existsSync(file)) writeFileSync(file, make(), { mode: 0o600 });
  return readFileSync(file, "utf8").trim();
}

/** Where R2, ledger and cache lie in it, as `wrangler … --local --persist-to <STATE_DIR>` has them. */
export function stateRoot(stateDir: string): string {
  return join(stateDir, "v3");
}

/** The platform's storage would wait without a word for a folder it cannot write. */
function refuseUnwritable(stateDir: string): void {
  try {
    mkdirSync(stateDir, { recursive: true });
    accessSync(stateDir, constants.W_OK);
  } catch (error) {
    throw new Error(`STATE_DIR, ${stateDir}, cannot be written: ${error instanceof Error ? error.message : error}.`);
  }
}

export function isLoopback(url: string): boolean {
  const host = new URL(url.replace("{id}", "id")).hostname;
  return host === "localhost" || host.endsWith(".localhost") || host === "[::1]" || /^127\./.test(host);
}

/** A public Ittybit cannot fetch an original from this machine: every job would fail, and cost. */
function refuseUnreachableOriginals(settings: StackSettings): void {
  if (!settings.ittybitApiUrl || isLoopback(settings.ittybitApiUrl)) return;
  if (settings.originalsUrl && !isLoopback(settings.originalsUrl)) return;
  throw new Error(
    `ITTYBIT_API_URL is ${settings.ittybitApiUrl}, which cannot fetch originals from this machine (${settings.originalsUrl ?? "the sample originals"}). ` +
      "Set ORIGINALS_URL to a public address such as https://example.com/photos/{id}.jpg.",
  );
}
