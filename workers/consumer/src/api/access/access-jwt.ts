import { parseForeignJson } from "@prewarm/shared/foreign-json";
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTHeaderParameters, jwtVerify } from "jose";
import * as z from "zod";
import { readBoundedText } from "../../platform/bounded-body.ts";
import type { AccessSettings } from "../deps.ts";

/*
 * Cloudflare Access in front of a hostname sends a JWT (RS256) with every request. Its keys lie at a well-known address of the team,
 * change every six weeks, and the old one stays good for a week (developers.cloudflare.com/cloudflare-one, read 2026-11).
 */

export const ACCESS_HEADER = "cf-access-jwt-assertion";
const CERTS_PATH = "/cdn-cgi/access/certs";
/** Keys are asked for again after this, in ms; an unknown key asks at once. Whatever the answer was, the next question waits a minute. */
const KEYS_LIFE_MS = 3_600_000;
const KEYS_PAUSE_MS = 60_000;
/** While their address does not answer, keys are believed for this long, in ms. */
const KEYS_MAX_AGE_MS = 24 * 3_600_000;
/** Bytes of the keys' document that are read; it has about 4 kB. */
const KEYS_MAX_BYTES = 65_536;
/** Clocks may differ by this, in seconds. */
const SKEW_SECONDS = 60;

const person = z.object({ email: z.string().max(320).optional(), common_name: z.string().max(320).optional() });

interface Keys {
  find: ReturnType<typeof createLocalJWKSet>;
  at: number;
}

/** Verifies Access's JWTs of one team and application; remembers the keys. jose's own remote set reads a clock that tests cannot set. */
export class AccessVerifier {
  readonly #settings: AccessSettings & { team: string };
  readonly #fetch: typeof fetch;
  #keys: Keys | null = null;
  /** The last question: when, and until it is answered, the answer. */
  #asked: { at: number; answer: Promise<void> } | null = null;

  constructor(settings: AccessSettings & { team: string }, fetcher: typeof fetch) {
    this.#settings = settings;
    this.#fetch = fetcher;
  }

  /** The e-mail (or the service token's name) of whom Access let in; null for a JWT that proves nothing, and when the keys are out of reach. */
  async verify(jwt: string, nowMs: number): Promise<string | null> {
    try {
      const { payload } = await jwtVerify(jwt, (header) => this.#keyOf(header, nowMs), {
        algorithms: ["RS256"],
        issuer: this.#settings.team,
        audience: this.#settings.aud,
        requiredClaims: ["exp"],
        clockTolerance: SKEW_SECONDS,
        currentDate: new Date(nowMs),
      });
      const { email, common_name } = person.parse(payload);
      return email ?? common_name ?? "access";
    } catch {
      return null;
    }
  }

  async #keyOf(header: JWTHeaderParameters, nowMs: number): Promise<CryptoKey> {
    const known = this.#ageAt(nowMs) < KEYS_LIFE_MS ? await this.#find(header) : null;
    if (known !== null) return known;
    if (this.#asked === null || nowMs - this.#asked.at >= KEYS_PAUSE_MS)
      this.#asked = { at: nowMs, answer: this.#renew(nowMs) };
    await this.#asked.answer;
    const key = this.#ageAt(nowMs) < KEYS_MAX_AGE_MS ? await this.#find(header) : null;
    if (key === null) throw new errors.JWKSNoMatchingKey();
    return key;
  }

  #ageAt(nowMs: number): number {
    return this.#keys === null ? Number.POSITIVE_INFINITY : nowMs - this.#keys.at;
  }

  async #renew(nowMs: number): Promise<void> {
    this.#keys = (await this.#load(nowMs)) ?? this.#keys;
  }

  async #find(header: JWTHeaderParameters): Promise<CryptoKey | null> {
    try {
      return (await this.#keys?.find(header)) ?? null;
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) return null;
      throw error;
    }
  }

  async #load(at: number): Promise<Keys | null> {
    try {
      const answer = await this.#fetch(`${this.#settings.team}${CERTS_PATH}`, {
        redirect: "manual",
        signal: AbortSignal.timeout(5000),
      });
      if (!answer.ok) return null;
      return {
        find: createLocalJWKSet(parseForeignJson(await readBoundedText(answer, KEYS_MAX_BYTES)) as JSONWebKeySet),
        at,
      };
    } catch {
      return null;
    }
  }
}
