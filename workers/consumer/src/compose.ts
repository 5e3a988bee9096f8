import { tracing } from "cloudflare:workers";
import type { CodeVersion } from "@prewarm/control-schema/words";
import { systemClock } from "@prewarm/shared/clock";
import type { Config } from "@prewarm/shared/config";
import { checkConfig } from "@prewarm/shared/config-check";
import { leadsTo } from "@prewarm/shared/deploy";
import { secretList, signingKeys } from "@prewarm/shared/environment";
import { checkEnvironment } from "@prewarm/shared/environment-check";
import { createLog, type Log } from "@prewarm/shared/log";
import { originalUrl, STAGED_PATH, stagedUrl } from "@prewarm/shared/signature";
import { createWrongTokens } from "./api/access/wrong-tokens.ts";
import type { ApiDeps } from "./api/deps.ts";
import {
  accessOf,
  bucketOf,
  type Env,
  isLocal,
  ledgerNamespace,
  secretOf,
  siteConfig,
  tokensOf,
  withLocalEvents,
} from "./config.ts";
import type { WrongNote } from "./doctor/wrong-notes.ts";
import type { Engine } from "./engine.ts";
import type { Faults } from "./hooks/hook-fault.ts";
import { createStrangers } from "./hooks/note-delivery.ts";
import type { UploadsDeps } from "./hooks/uploads-queue.ts";
import { createSenderKeys } from "./hooks/verifiers/verify.ts";
import { originalSize } from "./intake/dry-run.ts";
import { createIttybit } from "./ittybit/client.ts";
import { ittybitEngine } from "./ittybit/engine.ts";
import type { LedgerCalls } from "./ledger/ledger-for.ts";
import { ledgerFor } from "./ledger/ledger-for.ts";
import type { BatchDeps } from "./making/batch-context.ts";
import { nowhere } from "./making/crash-points.ts";
import { createContext } from "./making/create-context.ts";
import { mendNotes } from "./making/settle.ts";
import { countFetch } from "./platform/count-calls.ts";
import type { Span } from "./platform/span.ts";
import { type Analytics, createAnalytics } from "./serving/analytics.ts";

/** Which code runs; null where the platform does not say, as locally. */
export function versionOf({ VERSION }: Pick<Env, "VERSION">): CodeVersion | null {
  return VERSION?.id ? { id: VERSION.id, tag: VERSION.tag ?? "" } : null;
}

export function logOf(env: Env, part: "consumer" | "ledger"): Log {
  const version = versionOf(env);
  return createLog((line) => console.log(line), { part, version: version && (version.tag || version.id) });
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
// A method of the global scope: kept bound wherever it is handed to.
const fetcher: typeof fetch = (input, init) => fetch(input, init);

/** The engine of this site. `called` is called before each of its subrequests. */
export function engineOf({ ittybit }: Config, env: Env, log: Log, called: () => void = () => undefined): Engine {
  const counted = countFetch(fetcher, called);
  const client = createIttybit({
    baseUrl: env.ITTYBIT_API_URL,
    apiKey: env.ITTYBIT_API_KEY ?? "",
    fetch: counted,
    clock: systemClock,
    ...(env.ITTYBIT_ACCEPT_VERSION ? { acceptVersion: env.ITTYBIT_ACCEPT_VERSION } : {}),
  });
  return ittybitEngine({
    ittybit: client,
    qualities: ittybit.qualities,
    clock: systemClock,
    sleep,
    log,
    fetch: counted,
    allowLoopbackHttp: env.ALLOW_LOOPBACK === "true",
  });
}

export function ledgerOf(env: Env, log = logOf(env, "consumer")): LedgerCalls {
  const newCallId = () => crypto.randomUUID();
  return ledgerFor(ledgerNamespace(env), { clock: systemClock, log, sleep, newCallId });
}

/** The platform's traces. */
const span: Span = (name, work) =>
  tracing.enterSpan(name, (spanned) =>
    work((attributes) => {
      for (const [key, value] of Object.entries(attributes)) if (value !== null) spanned.setAttribute(key, value);
    }),
  );

/** Why originals are not staged, as the end of a sentence; null: they are. The engine reads them at the edge, under signed URLs. */
function unstagedBecause({ deploy }: Config, env: Env): string | null {
  if (signingKeys(env.SIGNING_KEYS, env.LOCAL === "true").length === 0) return "SIGNING_KEYS is not set";
  if (!env.EDGE_URL) return "EDGE_URL is not set";
  const { edge, edgeUrl } = deploy[env.ENVIRONMENT ?? "production"] ?? {};
  return edgeUrl !== undefined || leadsTo(edge, STAGED_PATH) ? null : `the route of the edge leaves out ${STAGED_PATH}`;
}

/** What a batch of `prewarm-live` or `prewarm-work` works with. */
export function batchDeps(site: Config, env: Env, log = logOf(env, "consumer")): BatchDeps {
  const config = siteConfig(site, env);
  const [signingKey] = signingKeys(env.SIGNING_KEYS, env.LOCAL === "true");
  const { EDGE_URL } = env;
  return {
    config,
    clock: systemClock,
    sleep,
    ledger: ledgerOf(env, log),
    newEngine: (called) => engineOf(config, env, log, called),
    images: env.IMAGES_BUCKET,
    originals: {
      fetch: fetcher,
      bucket: (binding) => bucketOf(env, binding),
      bucketOriginalUrl:
        EDGE_URL && signingKey ? (id, at) => originalUrl(EDGE_URL, id, signingKey, config, at / 1000) : null,
      stagedUrl:
        EDGE_URL && signingKey && unstagedBecause(config, env) === null
          ? (name) => stagedUrl(EDGE_URL, name, signingKey, config)
          : null,
    },
    newOwner: () => crypto.randomUUID(),
    log,
    span,
    at: nowhere,
  };
}

/** Judged once an isolate: neither the configuration nor what is given changes within one. */
let judged: Faults | undefined;

function faultsOf(config: Config, env: Env): Faults {
  if (judged !== undefined) return judged;
  const configFaults = checkConfig(config, edgeHosts(env));
  const given = {
    value: (name: string) => secretOf(env, name),
    hasBucket: (name: string) => bucketOf(env, name) !== null,
  };
  judged = { configFaults, environmentFaults: checkEnvironment(config, configFaults, given) };
  return judged;
}

/** The host of the edge's address, for the check that no source leads back to it. */
function edgeHosts({ EDGE_URL }: Env): readonly string[] {
  const host = EDGE_URL === undefined ? undefined : URL.parse(EDGE_URL)?.host;
  return host ? [host] : [];
}

/** What hooks, the uploads queue and the doctor work with. */
export function operatorDeps(site: Config, env: Env, log = logOf(env, "consumer")): UploadsDeps {
  const config = siteConfig(site, env);
  return {
    config: withLocalEvents(config, env),
    configFaults: faultsOf(config, env).configFaults,
    ledger: ledgerOf(env, log),
    bucket: env.IMAGES_BUCKET,
    clock: systemClock,
    log,
  };
}

/** What the doctor works with. */
export function doctorDeps(site: Config, env: Env, log?: Log) {
  const mend = (wrong: readonly WrongNote[]) => mendNotes(createContext("work", batchDeps(site, env, log)), wrong);
  return { ...operatorDeps(site, env, log), mendNotes: mend };
}

/** Null where nobody wants the edge's views read; half of what that takes is told by the first query. */
function analyticsOf(env: Env): Analytics | null {
  const {
    ANALYTICS_URL: url,
    ANALYTICS_ACCOUNT_ID: account = "",
    ANALYTICS_TOKEN: token = "",
    VIEWS_DATASET: dataset = "",
  } = env;
  if (account + token + dataset === "") return null;
  return createAnalytics({ url: url || CLOUDFLARE_API, account, token, dataset }, fetcher);
}

const CLOUDFLARE_API = "https://api.cloudflare.com/client/v4";

/** What the control API works with. */
export function apiDeps(site: Config, env: Env): ApiDeps {
  const deps = doctorDeps(site, env);
  const { adminTokens, viewerTokens } = tokensOf(env);
  return {
    ...deps,
    logging: (log) => {
      const { ledger, mendNotes } = doctorDeps(site, env, log);
      return { ledger, mendNotes };
    },
    ...faultsOf(siteConfig(site, env), env),
    queues: {
      "prewarm-live": env.LIVE_QUEUE,
      "prewarm-work": env.WORK_QUEUE,
      "prewarm-uploads": env.UPLOADS_QUEUE,
      "prewarm-dead": env.DEAD_QUEUE,
    },
    bucket: env.IMAGES_BUCKET,
    analytics: analyticsOf(env),
    adminTokens,
    viewerTokens,
    wrongTokens: createWrongTokens(),
    strangers: createStrangers(),
    senderKeys: createSenderKeys(fetcher),
    signingKeys: signingKeys(env.SIGNING_KEYS, env.LOCAL === "true"),
    receiptKeys: secretList(env.RECEIPT_KEY),
    secret: (name) => secretOf(env, name),
    access: accessOf(env),
    edgeUrl: (env.EDGE_URL ?? "").replace(/\/$/, ""),
    unstaged: unstagedBecause(deps.config, env),
    isLocal: isLocal(env),
    environment: env.LOCAL === "true" ? "local" : (env.ENVIRONMENT ?? "production"),
    version: versionOf(env),
    sleep,
    sizeOf: originalSize(fetcher, (binding) => bucketOf(env, binding) ?? undefined),
    fetch: fetcher,
  };
}
