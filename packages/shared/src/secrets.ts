import { type Config, secretNames } from "./config.ts";
import { makePrivateKey } from "./ed25519.ts";

/** A Worker that reads secrets. */
export type SecretReader = "consumer" | "edge";

/**
 * What a value looks like: a `token` of at least 24 characters, `webhook` (`whsec_` and base64), a private Ed25519 `key`
 * and older ones, or any `text`.
 */
export type SecretForm = "token" | "webhook" | "key" | "text";

/** A secret of a site. One name may be the secret of several settings. */
export interface Secret {
  name: string;
  /** The Workers that read it. */
  readers: readonly SecretReader[];
  /** The end of the sentence "it is not set, and …"; null: the site works without it. */
  need: string | null;
  form: SecretForm;
  /** Who makes the value: this site, the sender of a hook (any value that both know is right), or another service. */
  maker: "site" | "sender" | "service";
}

interface Row {
  /** The setting that decides; null: every site has these. */
  setting: keyof Config | null;
  secrets(config: Config): Secret[];
}

const CONSUMER: readonly SecretReader[] = ["consumer"];
const BOTH: readonly SecretReader[] = ["consumer", "edge"];

/** Why a site needs its signing keys, its sharpest reason. */
function signingNeed({ access, sources }: Config): string | null {
  if (access === "private") return 'access: "private" refuses every URL without it';
  if (sources.some((source) => "bucket" in source)) return "private originals are fetched under signed URLs";
  return sources.length === 0 ? null : "without it each job downloads its original from its origin";
}

/** Every secret that a site may have, by the setting that decides about it. */
const TABLE: readonly Row[] = [
  {
    setting: null,
    secrets: () => [
      of("ITTYBIT_API_KEY", CONSUMER, "Ittybit makes nothing without it", "text", "service"),
      of("ADMIN_TOKEN", CONSUMER, "nobody can operate the site without it", "token", "site"),
      of("VIEWER_TOKEN", CONSUMER, null, "token", "site"),
      of("RECEIPT_KEY", CONSUMER, "receipts are signed with it", "key", "site"),
    ],
  },
  {
    setting: "access",
    secrets: (config) => [of("SIGNING_KEYS", BOTH, signingNeed(config), "token", "site")],
  },
  {
    setting: "hooks",
    secrets: ({ hooks }) =>
      Object.entries(hooks).flatMap(([hook, { verifier }]) => {
        const form = verifier.kind === "standard-webhooks" ? "webhook" : "text";
        return secretNames(verifier).map((name) => of(name, CONSUMER, `hooks.${hook} needs it`, form, "sender"));
      }),
  },
  {
    setting: "events",
    secrets: ({ events }) =>
      events.flatMap((endpoint) =>
        "url" in endpoint
          ? endpoint.secrets.map((name) => of(name, CONSUMER, "it signs outgoing events", "webhook", "site"))
          : (endpoint.secrets ?? []).map((name) =>
              of(name, CONSUMER, "a function in events needs it", "text", "service"),
            ),
      ),
  },
  {
    setting: "legacy",
    secrets: ({ legacy }) =>
      legacy.flatMap(({ secrets }) =>
        secrets.map((name) => of(name, ["edge"], "old URLs are signed with it", "text", "service")),
      ),
  },
  {
    setting: "deploy",
    secrets: () =>
      ["ANALYTICS_ACCOUNT_ID", "ANALYTICS_TOKEN"].map((name) => of(name, CONSUMER, null, "text", "service")),
  },
];

function of(
  name: string,
  readers: readonly SecretReader[],
  need: string | null,
  form: SecretForm,
  maker: Secret["maker"],
): Secret {
  return { name, readers, need, form, maker };
}

/**
 * The secrets of a site, each name once. `isWhole`: whether a setting has no fault; the secrets of the others are left out, because they cannot
 * be read. Default: all are whole.
 */
export function secretsOf(config: Config, isWhole: (setting: string) => boolean = () => true): Secret[] {
  const rows = TABLE.filter(({ setting }) => setting === null || isWhole(setting));
  const byName = Map.groupBy(
    rows.flatMap(({ secrets }) => secrets(config)),
    ({ name }) => name,
  );
  return [...byName.values()].map(merged);
}

const FORMS: readonly SecretForm[] = ["key", "webhook", "token", "text"];
const MAKERS: readonly Secret["maker"][] = ["service", "site", "sender"];

/** A name that several settings share: its value must suit all of them. */
function merged(uses: readonly Secret[]): Secret {
  const [{ name } = { name: "" }] = uses;
  return {
    name,
    readers: BOTH.filter((reader) => uses.some(({ readers }) => readers.includes(reader))),
    need: uses.find(({ need }) => need !== null)?.need ?? null,
    form: FORMS.find((one) => uses.some(({ form }) => form === one)) ?? "text",
    maker: MAKERS.find((one) => uses.some(({ maker }) => maker === one)) ?? "service",
  };
}

/** A new value that nobody can guess. */
export function makeSecret(form: SecretForm): string {
  if (form === "key") return makePrivateKey();
  const base64 = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(form === "token" ? 24 : 32))));
  return form === "webhook" ? `whsec_${base64}` : base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
