import { namedToken } from "@prewarm/shared/acts";
import type { Config } from "@prewarm/shared/config";
import { secretList, withDefaultUrl } from "@prewarm/shared/environment";
import { TOKEN_MIN_CHARS } from "@prewarm/shared/limits";
import type { AccessSettings } from "./api/deps.ts";

/** Secrets (`prewarm provision --to <env> --set NAME`) and the local stack's variables; all may be unset. */
export interface Secrets {
  ITTYBIT_API_KEY?: string;
  /** Sent to Ittybit as `Accept-Version`, for an account that answers in an older version; unset: the newest answers. */
  ITTYBIT_ACCEPT_VERSION?: string;
  /** Operators' bearer tokens, comma-separated for rotation; `anna:<token>` is Anna's in the audit log. Unset: the control API answers 503. */
  ADMIN_TOKEN?: string;
  /** Viewers' bearer tokens, comma-separated. */
  VIEWER_TOKEN?: string;
  /** Keys of signed URLs, comma-separated: the first signs, all verify. */
  SIGNING_KEYS?: string;
  /** Ed25519 keys of receipts, comma-separated: the first is private and signs, all verify. */
  RECEIPT_KEY?: string;
  HOOK_SECRET?: string;
  /** Replaces the url of the source with prefix "" (the local stack's originals). */
  ORIGINALS_URL?: string;
  /** Where the edge answers, for links and for signed originals. */
  EDGE_URL?: string;
  /** Where the dashboard is, for links in events. */
  CONTROL_URL?: string;
  /** Cloudflare Access in front of the control address: the application's AUD tag, its team's origin, and who may write. */
  ACCESS_AUD?: string;
  ACCESS_TEAM?: string;
  /** E-mail addresses, comma-separated; `*` is everybody. */
  ACCESS_OPERATORS?: string;
  /** The dashboard shows it as a badge. Default: `production`. */
  ENVIRONMENT?: string;
  /** Which version of this Worker runs; the platform gives it. */
  VERSION?: { id: string; tag: string };
  /** The dataset that the edge counts views in, and who may read it: the account's id, and a token with Account Analytics, Read. */
  VIEWS_DATASET?: string;
  ANALYTICS_ACCOUNT_ID?: string;
  ANALYTICS_TOKEN?: string;
  /** The local stack's, in place of Cloudflare's API. */
  ANALYTICS_URL?: string;
  /** Where the ledger is made, when it is made: a hint such as `weur`. */
  LEDGER_LOCATION?: DurableObjectLocationHint;
  /** What it may never leave, such as `eu`. Another value is another, empty ledger. */
  LEDGER_JURISDICTION?: DurableObjectJurisdiction;
  /** Where the local stack prints events: an endpoint beside those of the configuration. */
  EVENTS_URL?: string;
  /** `true` only in the local stack. */
  LOCAL?: string;
  /** `true` only in the local stack: outputs and originals may be fetched from loopback by http. */
  ALLOW_LOOPBACK?: string;
}

type LedgerPlace = Pick<Env, "LEDGER" | "LEDGER_LOCATION" | "LEDGER_JURISDICTION">;

export type Env = Omit<ConsumerEnv, "ITTYBIT_API_URL"> & Secrets & { ITTYBIT_API_URL: string };

/** The site's configuration as it holds in this environment. */
export function siteConfig(site: Config, env: Pick<Secrets, "ORIGINALS_URL">): Config {
  const url = env.ORIGINALS_URL;
  // A faulty list stays as it is: the check tells of it.
  const sources = url && Array.isArray(site.sources) ? withDefaultUrl(site.sources, url) : site.sources;
  return { ...site, sources };
}

/** The configuration with the endpoint of the local stack, which no check of a configuration would take. */
export function withLocalEvents(config: Config, { EVENTS_URL: url }: Pick<Secrets, "EVENTS_URL">): Config {
  return url === undefined ? config : { ...config, events: [...config.events, { url, secrets: [] }] };
}

/** A secret that only the configuration names, such as a hook's. */
export function secretOf(env: Env, name: string): string | undefined {
  const value: unknown = Object.entries(env).find(([binding]) => binding === name)?.[1];
  return typeof value === "string" ? value : undefined;
}

/** A bucket of originals that only the configuration names; null when it is not bound. */
export function bucketOf(env: Env, name: string): R2Bucket | null {
  const value: unknown = Object.entries(env).find(([binding]) => binding === name)?.[1];
  return isBucket(value) ? value : null;
}

function isBucket(value: unknown): value is R2Bucket {
  return typeof value === "object" && value !== null && "get" in value && "head" in value;
}

/** The ledger's namespace, in the place it was given. A place that is none makes every call fail: better than a ledger elsewhere. */
export function ledgerNamespace({ LEDGER, LEDGER_LOCATION, LEDGER_JURISDICTION }: LedgerPlace) {
  const namespace = LEDGER_JURISDICTION ? LEDGER.jurisdiction(LEDGER_JURISDICTION) : LEDGER;
  const options = LEDGER_LOCATION ? { locationHint: LEDGER_LOCATION } : {};
  return {
    idFromName: (name: string) => namespace.idFromName(name),
    get: (id: DurableObjectId): unknown => namespace.get(id, options),
  };
}

export function accessOf(env: Env): AccessSettings | null {
  if (!env.ACCESS_AUD) return null;
  return { aud: env.ACCESS_AUD, team: env.ACCESS_TEAM ?? null, operators: secretList(env.ACCESS_OPERATORS) };
}

/** Whether this Worker was told that it runs on a developer's machine. */
export function isLocal({ LOCAL, ALLOW_LOOPBACK }: Pick<Secrets, "LOCAL" | "ALLOW_LOOPBACK">): boolean {
  return LOCAL === "true" || ALLOW_LOOPBACK === "true";
}

/**
 * The control API's tokens. An entry that does not parse is none, and outside the local stack neither is one that could be guessed; the check
 * of the environment says so.
 */
export function tokensOf(env: Pick<Secrets, "ADMIN_TOKEN" | "VIEWER_TOKEN" | "LOCAL">) {
  const read = (name: "ADMIN_TOKEN" | "VIEWER_TOKEN"): string[] =>
    secretList(env[name]).filter((entry) => {
      const { token = "" } = namedToken(entry) ?? {};
      return token.length >= (env.LOCAL === "true" ? 1 : TOKEN_MIN_CHARS);
    });
  return { adminTokens: read("ADMIN_TOKEN"), viewerTokens: read("VIEWER_TOKEN") };
}
