import { AppError } from "@prewarm/shared/errors";
import { readBoundedText } from "@prewarm/shared/read-at-most";
import { importX509 } from "jose";

/** How a key verifies each version of SNS's signatures. */
const HASHES = { "1": "SHA-1", "2": "SHA-256" } as const;
export type SignatureVersion = keyof typeof HASHES;
type Keys = Record<SignatureVersion, CryptoKey>;

/** Certificates that are remembered; a region has one or two at a time. */
const MOST = 20;
/** A certificate is read again after this, in ms. */
const LIFE_MS = 24 * 3_600_000;
/** Certificates that are read at once. Strangers can name addresses on the host of a topic. */
const READS_MAX = 10;
const READ_TIMEOUT_MS = 5000;
/** Bytes of a certificate; SNS's have about 2 kB. */
const CERTIFICATE_MAX_BYTES = 16_384;

/** The public keys of SNS's certificates, by address. The caller has judged the address. */
export class SnsCertificates {
  readonly #fetch: typeof fetch;
  readonly #known = new Map<string, { at: number; keys: Keys }>();
  readonly #reading = new Map<string, Promise<Keys | null>>();

  constructor(fetcher: typeof fetch) {
    this.#fetch = fetcher;
  }

  /** Null: there is no certificate with an RSA key. Throws `unavailable` when the host does not answer. `now`: Unix ms. */
  async keyOf(url: string, version: SignatureVersion, now: number): Promise<CryptoKey | null> {
    const known = this.#known.get(url);
    if (known !== undefined && now - known.at < LIFE_MS) return known.keys[version];
    const keys = await this.#readOnce(url);
    if (keys === null) return null;
    this.#known.delete(url);
    this.#known.set(url, { at: now, keys });
    const [oldest] = this.#known.keys();
    if (this.#known.size > MOST && oldest !== undefined) this.#known.delete(oldest);
    return keys[version];
  }

  /** Deliveries that need one certificate share its read. */
  #readOnce(url: string): Promise<Keys | null> {
    const under = this.#reading.get(url);
    if (under !== undefined) return under;
    if (this.#reading.size >= READS_MAX) throw unreachable();
    const reading = this.#read(url).finally(() => this.#reading.delete(url));
    this.#reading.set(url, reading);
    return reading;
  }

  async #read(url: string): Promise<Keys | null> {
    let text: string;
    try {
      const answer = await this.#fetch(url, { redirect: "manual", signal: AbortSignal.timeout(READ_TIMEOUT_MS) });
      if (answer.status >= 500) throw unreachable();
      if (answer.status !== 200) return null;
      text = await readBoundedText(answer, CERTIFICATE_MAX_BYTES + 1);
    } catch {
      throw unreachable();
    }
    return text.length > CERTIFICATE_MAX_BYTES ? null : keysOf(text);
  }
}

function unreachable(): AppError {
  return new AppError("unavailable", { detail: "The certificate of Amazon SNS cannot be read now. Send it again." });
}

const BEGIN = "-----BEGIN CERTIFICATE-----";
const END = "-----END CERTIFICATE-----";

/** The RSA key of the first certificate of a PEM file, for each version. Null: there is none. */
export async function keysOf(pem: string): Promise<Keys | null> {
  const [begin, end] = [pem.indexOf(BEGIN), pem.indexOf(END)];
  if (begin === -1 || end < begin) return null;
  const certificate = pem.slice(begin, end + END.length);
  try {
    const key = await importX509(certificate, "RS256", { extractable: true });
    const spki = (await crypto.subtle.exportKey("spki", key)) as ArrayBuffer;
    return { "1": await importKey(spki, "1"), "2": await importKey(spki, "2") };
  } catch {
    return null;
  }
}

/** jose has no algorithm with SHA-1, so the key that it found is imported again. */
function importKey(spki: ArrayBuffer, version: SignatureVersion): Promise<CryptoKey> {
  return crypto.subtle.importKey("spki", spki, { name: "RSASSA-PKCS1-v1_5", hash: HASHES[version] }, false, ["verify"]);
}
