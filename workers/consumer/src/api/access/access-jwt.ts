import * as z from "zod";
import { fromBase64 } from "../../platform/base64.ts";
import type { AccessSettings } from "../deps.ts";

/*
 * Cloudflare Access in front of a hostname sends a JWT (RS256) with every request. Its keys lie at a well-known address of the team,
 * change every six weeks, and the old one stays good for a week (developers.cloudflare.com/cloudflare-one, read 2026-11).
 */

export const ACCESS_HEADER = "cf-access-jwt-assertion";
const CERTS_PATH = "/cdn-cgi/access/certs";
/** Keys are asked for again after this, in ms; an unknown key asks at once, at most once a minute. */
const KEYS_LIFE_MS = 3_600_000;
const KEYS_PAUSE_MS = 60_000;
/** Clocks may differ by this, in seconds. */
const SKEW_SECONDS = 60;

const header = z.object({ alg: z.literal("RS256"), kid: z.string().min(1).max(200) });
const claims = z.object({
  iss: z.string(),
  aud: z.union([z.string(), z.array(z.string())]),
  exp: z.number(),
  nbf: z.number().optional(),
  email: z.string().max(320).optional(),
  common_name: z.string().max(320).optional(),
});
const keySet = z.object({
  keys: z.array(z.looseObject({ kid: z.string(), kty: z.literal("RSA"), n: z.string(), e: z.string() })),
});

interface Keys {
  byKid: Map<string, CryptoKey>;
  at: number;
}

/** Verifies Access's JWTs of one team and application; remembers the keys. */
export class AccessVerifier {
  readonly #settings: AccessSettings & { team: string };
  readonly #fetch: typeof fetch;
  #keys: Keys | null = null;

  constructor(settings: AccessSettings & { team: string }, fetcher: typeof fetch) {
    this.#settings = settings;
    this.#fetch = fetcher;
  }

  /** The e-mail (or the service token's name) of whom Access let in; null for a JWT that proves nothing, and when the keys are out of reach. */
  async verify(jwt: string, nowMs: number): Promise<string | null> {
    const [head = "", body = "", signature = "", ...more] = jwt.split(".");
    const parsedHeader = header.safeParse(readPart(head));
    const bytes = fromBase64(signature);
    if (more.length > 0 || bytes === null || !parsedHeader.success) return null;
    const key = await this.#keyOf(parsedHeader.data.kid, nowMs);
    if (key === null) return null;
    const signed = new TextEncoder().encode(`${head}.${body}`);
    if (!(await crypto.subtle.verify("RSASSA-PKCS1-v1_5", key, bytes, signed))) return null;
    const parsed = claims.safeParse(readPart(body));
    return parsed.success && this.#holds(parsed.data, nowMs / 1000)
      ? (parsed.data.email ?? parsed.data.common_name ?? "access")
      : null;
  }

  #holds({ iss, aud, exp, nbf }: z.infer<typeof claims>, now: number): boolean {
    const { team, aud: wanted } = this.#settings;
    return (
      iss === team && [aud].flat().includes(wanted) && exp > now - SKEW_SECONDS && (nbf ?? 0) <= now + SKEW_SECONDS
    );
  }

  async #keyOf(kid: string, nowMs: number): Promise<CryptoKey | null> {
    const age = this.#keys === null ? Number.POSITIVE_INFINITY : nowMs - this.#keys.at;
    const known = this.#keys?.byKid.get(kid);
    if (known !== undefined && age < KEYS_LIFE_MS) return known;
    if (age >= KEYS_PAUSE_MS) this.#keys = (await this.#load(nowMs)) ?? this.#keys;
    return this.#keys?.byKid.get(kid) ?? null;
  }

  async #load(at: number): Promise<Keys | null> {
    try {
      const answer = await this.#fetch(`${this.#settings.team}${CERTS_PATH}`, {
        redirect: "manual",
        signal: AbortSignal.timeout(5000),
      });
      const parsed = keySet.safeParse(await answer.json());
      if (!answer.ok || !parsed.success) return null;
      const rsa = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
      const entries = parsed.data.keys.map(async ({ kid, n, e }) => {
        return [
          kid,
          await crypto.subtle.importKey("jwk", { kty: "RSA", n, e, alg: "RS256" }, rsa, false, ["verify"]),
        ] as const;
      });
      return { byKid: new Map(await Promise.all(entries)), at };
    } catch {
      return null;
    }
  }
}

function readPart(part: string): unknown {
  const bytes = fromBase64(part);
  try {
    return bytes === null ? null : JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}
