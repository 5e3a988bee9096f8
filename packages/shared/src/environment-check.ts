import { ACTS, isAct, namedToken } from "./acts.ts";
import { type Config, secretNames } from "./config.ts";
import { LEDGER_PLACES } from "./deploy.ts";
import { isPrivateKey, isPublicKey } from "./ed25519.ts";
import { secretList } from "./environment.ts";
import { SHARED_SECRET } from "./hook-schema.ts";
import { TOKEN_MIN_CHARS } from "./limits.ts";
import { type Secret, secretsOf } from "./secrets.ts";

/** What a Worker was given beside its code. */
export interface Given {
  /** A secret or variable by its name. */
  value(name: string): string | undefined;
  hasBucket(binding: string): boolean;
}

/** Standard Webhooks asks for 24 to 64 bytes. */
const WEBHOOK_SECRET_MIN_BYTES = 24;

/**
 * Judges what the consumer was given against what the configuration needs, as `checkConfig` judges the configuration: each fault as
 * `name: how to mend it`. `configFaults` are that check's; what stands in a faulty setting is not looked at.
 */
export function checkEnvironment(config: Config, configFaults: readonly string[], given: Given): string[] {
  const isWhole = (setting: string): boolean => !configFaults.some((fault) => settingOf(fault) === setting);
  const secrets = secretsOf(config, isWhole).filter(({ readers }) => readers.includes("consumer"));
  return [
    ...tokenFaults(given),
    ...secrets.flatMap((secret) => secretFaults(secret, given)),
    ...ledgerPlaces(given),
    ...(isWhole("hooks") ? sharedValues(config, given) : []),
    ...(isWhole("sources") ? sourceNeeds(config, given) : []),
  ];
}

/** The setting that a fault is about: `recipes` of `recipes.upload[0]: …`. */
export function settingOf(fault: string): string {
  return /^[^.[:]*/.exec(fault)?.[0] ?? "";
}

/**
 * The command that sets a secret in each Worker that has it. `environment` is the Worker's ENVIRONMENT; where nobody knows it, the reader
 * fills it in.
 */
export function setSecret(name: string, environment: string | undefined): string {
  return `prewarm provision --to ${environment || "<env>"} --set ${name}`;
}

/** Whether a fault names a secret to set: only the Worker itself knows its secrets. */
export function asksForSecret(fault: string): boolean {
  return fault.includes(" --set ");
}

/** Entries of the tokens that name no token, or an act that there is not. */
function tokenFaults({ value }: Given): string[] {
  const acts = secretList(value("ADMIN_TOKEN")).flatMap((one) => namedToken(one)?.acts ?? []);
  const odd = acts.filter((word) => !isAct(word));
  return [
    ...["ADMIN_TOKEN", "VIEWER_TOKEN"].flatMap((name) => unparsedEntries(name, value(name))),
    ...odd.map((word) => `ADMIN_TOKEN: ${JSON.stringify(word)} is no act, so nobody may do it: ${ACTS.join(", ")}`),
  ];
}

/** A secret that is needed and not set, or that cannot be one. */
function secretFaults({ name, need, form }: Secret, { value }: Given): string[] {
  const entries = secretList(value(name));
  const put = setSecret(name, value("ENVIRONMENT"));
  if (entries.length === 0) return need === null ? [] : [`${name}: it is not set, and ${need}: ${put}`];
  if (form === "webhook" && !entries.every(isWebhookSecret))
    return [
      `${name}: it is not whsec_ and base64 of at least ${WEBHOOK_SECRET_MIN_BYTES} bytes: echo "whsec_$(openssl rand -base64 32)", then ${put}`,
    ];
  if (form === "key" && !isKeyList(entries))
    return [
      `${name}: write a private Ed25519 key first, and older keys, private or public, behind commas: openssl genpkey -algorithm ed25519 -outform DER | openssl base64 -A, then ${put}`,
    ];
  // The local stack's tokens are published, and accepted on this machine only.
  const isShort = (entry: string): boolean => secretIn(name, entry).length < TOKEN_MIN_CHARS;
  if (form !== "token" || value("LOCAL") === "true" || !entries.some(isShort)) return [];
  return [
    `${name}: it is shorter than ${TOKEN_MIN_CHARS} characters and can be guessed: openssl rand -hex 32, then ${put}`,
  ];
}

/** The first key signs, so it is private. Of the others the public half is enough. */
function isKeyList([first = "", ...others]: readonly string[]): boolean {
  return isPrivateKey(first) && others.every((key) => isPrivateKey(key) || isPublicKey(key));
}

/** A signing key has no name before it. */
function secretIn(name: string, entry: string): string {
  return name === "SIGNING_KEYS" ? entry : (namedToken(entry)?.token ?? entry);
}

/** The entry itself is not shown: some of it is a secret, and which part cannot be known. */
function unparsedEntries(name: string, text: string | undefined): string[] {
  const entries = secretList(text);
  return entries.flatMap((entry, index) => {
    if (namedToken(entry) !== null) return [];
    const place = `${name}: entry ${index + 1} of ${entries.length}`;
    return [
      `${place} does not parse and is no token: write <token>, name:<token> or name[act+act]:<token>, without blanks`,
    ];
  });
}

/** The setting of `deploy` that sets a variable. */
const SETTING: Readonly<Record<string, string>> = { LEDGER_LOCATION: "location", LEDGER_JURISDICTION: "jurisdiction" };

/** Where the configuration speaks of this Worker's environment. */
function deployOf(value: Given["value"]): string {
  return `deploy.${value("ENVIRONMENT") || "<env>"} of prewarm.config.ts`;
}

function ledgerPlaces({ value }: Given): string[] {
  return Object.entries(LEDGER_PLACES).flatMap(([name, places]) => {
    const given = value(name);
    if (!given || places.some((place) => place === given)) return [];
    return [
      `${name}: ${given} is none of ${places.join(", ")}: write one as ${SETTING[name]} in ${deployOf(value)}, or none`,
    ];
  });
}

/** Two hooks with one secret under two names; under one name it is a fault of the configuration. */
function sharedValues({ hooks }: Config, { value }: Given): string[] {
  const first = new Map<string, { hook: string; name: string }>();
  const faults = new Set<string>();
  for (const [hook, { verifier }] of Object.entries(hooks))
    for (const name of secretNames(verifier))
      for (const secret of secretList(value(name))) {
        const known = first.get(secret);
        if (known === undefined) first.set(secret, { hook, name });
        else if (known.hook !== hook)
          faults.add(
            `${name}: it has a value in common with ${known.name}, a secret of hooks.${known.hook}: ${SHARED_SECRET}`,
          );
      }
  return [...faults];
}

function isWebhookSecret(secret: string): boolean {
  try {
    return atob(secret.replace(/^whsec_/, "")).length >= WEBHOOK_SECRET_MIN_BYTES;
  } catch {
    return false;
  }
}

/** Originals in a bucket are fetched by the engine at the edge, under signed URLs. */
function sourceNeeds({ sources }: Config, { value, hasBucket }: Given): string[] {
  const buckets = [...new Set(sources.flatMap((source) => ("bucket" in source ? [source.bucket] : [])))];
  const missing = buckets.filter((name) => !hasBucket(name));
  const faults = missing.map(
    (name) =>
      `${name}: a source's bucket, and it is not bound: write its name into buckets of ${deployOf(value)}, and run npm run tables where the wrangler files are committed`,
  );
  if (buckets.length === 0) return faults;
  if (!value("EDGE_URL"))
    faults.push(`EDGE_URL: private originals need the edge's address: write edge into ${deployOf(value)}`);
  return faults;
}
