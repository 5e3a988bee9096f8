import { accessSync, constants, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { defineConfig } from "@prewarm/shared/config";
import { settingOf } from "@prewarm/shared/environment-check";
import { makeSecret, type SecretForm, secretsOf } from "@prewarm/shared/secrets";
import type { Judged } from "../scripts/site-faults.ts";

/** What `npm start` reads from the environment (docs/install.md, "The local stack"). */
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
  /** The stack calls its own consumer with it. */
  adminToken: string;
  stateDir: string;
  /** `wake`, or "": what the configuration says. */
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
    adminToken: env.ADMIN_TOKEN || keptSecret(stateDir, "ADMIN_TOKEN", "token"),
    stateDir,
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

/** A secret of the local stack. */
export interface LocalSecret {
  value: string;
  /** It was made here, and is kept with the state. False: the environment has it. */
  isMade: boolean;
}

/**
 * The secrets that a site has on this machine, by name: what the environment says, and else a value of our own. A secret that another service
 * makes, such as Ittybit's key, only the environment can say. The secrets of a setting at fault are left out.
 */
export function localSecrets(
  { config, faults }: Judged,
  env: Record<string, string | undefined>,
  stateDir: string,
): Record<string, LocalSecret> {
  const isWhole = (setting: string): boolean => !faults.some((fault) => settingOf(fault) === setting);
  const secrets = secretsOf(config ?? defineConfig({ sources: [] }), isWhole);
  const found = secrets.flatMap(({ name, form, maker }): [string, LocalSecret][] => {
    const given = env[name];
    if (given) return [[name, { value: given, isMade: false }]];
    return maker === "service" ? [] : [[name, { value: keptSecret(stateDir, name, form), isMade: true }]];
  });
  return Object.fromEntries(found);
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

/**
 * A secret that stays the same as long as the state does, so that a sender set up once keeps working: SIGNING_KEYS is kept in the file
 * `signing-keys`. The command line reads such files.
 */
function keptSecret(stateDir: string, name: string, form: SecretForm): string {
  const file = join(stateDir, name.toLowerCase().replaceAll("_", "-"));
  if (!existsSync(file)) writeFileSync(file, makeSecret(form), { mode: 0o600 });
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
