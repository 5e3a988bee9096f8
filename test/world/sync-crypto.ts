import { createHash, createHmac, createSecretKey } from "node:crypto";

/*
 * Web Crypto answers from other threads, whose time no simulated world knows: a history would not be the same twice. Once this is imported
 * digests and HMACs are answered at once, by Node's other interface to the same code. Keys stay keys of Web Crypto, since other test files
 * may share the process.
 */

interface HmacAlgorithm {
  name: string;
  hash: string | { name: string };
}
type Rights = [extractable: boolean, usages: ("sign" | "verify")[]];

const subtle = crypto.subtle as unknown as Record<string, (...args: never[]) => Promise<unknown>>;
const nameOf = (hash: string | { name: string }): string =>
  (typeof hash === "string" ? hash : hash.name).replace("-", "");
const exact = (bytes: Buffer): ArrayBuffer => Uint8Array.from(bytes).buffer;
/** What each HMAC key was imported from. */
const rawOf = new WeakMap<object, { hash: string; raw: Buffer }>();

subtle.digest = async (hash: string, data: Uint8Array): Promise<ArrayBuffer> =>
  exact(createHash(nameOf(hash)).update(data).digest());

const importKey = subtle.importKey?.bind(crypto.subtle);
subtle.importKey = async (...args: never[]): Promise<unknown> => {
  const [format, bytes, algorithm, ...rights] = args as unknown as [string, Uint8Array, HmacAlgorithm, ...Rights];
  if (format !== "raw" || algorithm.name !== "HMAC") return importKey?.(...args);
  const raw = Buffer.from(bytes);
  const key = createSecretKey(raw).toCryptoKey(algorithm, ...rights);
  rawOf.set(key, { hash: nameOf(algorithm.hash), raw });
  return key;
};

const sign = subtle.sign?.bind(crypto.subtle);
subtle.sign = async (...args: never[]): Promise<unknown> => {
  const [, key, data] = args as unknown as [string, object, Uint8Array];
  const known = rawOf.get(key);
  return known === undefined ? sign?.(...args) : exact(createHmac(known.hash, known.raw).update(data).digest());
};
