import { abortAfter } from "@prewarm/shared/clock";
import { AppError } from "@prewarm/shared/errors";
import { parseForeignJson } from "@prewarm/shared/foreign-json";
import { readBoundedText } from "@prewarm/shared/read-at-most";
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTHeaderParameters } from "jose";

/** Keys are asked for again after this, in ms; an unknown key asks at once. Whatever the answer was, the next question waits a minute. */
const KEYS_LIFE_MS = 3_600_000;
const KEYS_PAUSE_MS = 60_000;
/** While their address does not answer, keys are believed for this long, in ms. */
const KEYS_MAX_AGE_MS = 24 * 3_600_000;
/** The clock of the issuer of a token may differ from ours by this, in seconds. */
export const SKEW_SECONDS = 60;
/** Bytes of the keys' document that are read; it has about 4 kB. */
const KEYS_MAX_BYTES = 65_536;

interface Keys {
  find: ReturnType<typeof createLocalJWKSet>;
  at: number;
}

/** The keys that an issuer of JWTs publishes at one address, remembered. jose's own remote set reads a clock that tests cannot set. */
export class RemoteKeys {
  readonly #address: string;
  readonly #fetch: typeof fetch;
  #keys: Keys | null = null;
  /** The last question: when, and until it is answered, the answer. */
  #asked: { at: number; answer: Promise<void> } | null = null;

  constructor(address: string, fetcher: typeof fetch) {
    this.#address = address;
    this.#fetch = fetcher;
  }

  /** The key that a JWT names. Throws `JWKSNoMatchingKey`, and `unavailable` when no keys can be read. */
  async keyOf(header: JWTHeaderParameters, nowMs: number): Promise<CryptoKey> {
    const known = this.#ageAt(nowMs) < KEYS_LIFE_MS ? await this.#find(header) : null;
    if (known !== null) return known;
    if (this.#asked === null || nowMs - this.#asked.at >= KEYS_PAUSE_MS)
      this.#asked = { at: nowMs, answer: this.#renew(nowMs) };
    await this.#asked.answer;
    if (this.#ageAt(nowMs) >= KEYS_MAX_AGE_MS) throw new AppError("unavailable");
    const key = await this.#find(header);
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
      const text = await abortAfter(5000, async (signal) => {
        const answer = await this.#fetch(this.#address, { redirect: "manual", signal });
        return answer.ok ? readBoundedText(answer, KEYS_MAX_BYTES) : null;
      });
      return text === null ? null : { find: createLocalJWKSet(parseForeignJson(text) as JSONWebKeySet), at };
    } catch {
      return null;
    }
  }
}
