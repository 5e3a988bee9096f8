import { createHash, createHmac } from "node:crypto";

/*
 * Web Crypto answers from other threads, whose time no simulated world knows: a history would not be the same twice. Once this is imported
 * digests and HMACs are answered at once, by Node's other interface to the same code.
 */

interface RawKey {
  hmac: string;
  raw: Buffer;
}

const subtle = crypto.subtle as unknown as Record<string, (...args: never[]) => Promise<unknown>>;
const nameOf = (hash: string | { name: string }): string =>
  (typeof hash === "string" ? hash : hash.name).replace("-", "");
const exact = (bytes: Buffer): ArrayBuffer => Uint8Array.from(bytes).buffer;

subtle.digest = async (hash: string, data: Uint8Array): Promise<ArrayBuffer> =>
  exact(createHash(nameOf(hash)).update(data).digest());

const importKey = subtle.importKey?.bind(crypto.subtle);
subtle.importKey = async (...args: never[]): Promise<unknown> => {
  const [format, raw, algorithm] = args as unknown as [string, Uint8Array, { name: string; hash: string }];
  if (format !== "raw" || algorithm.name !== "HMAC") return importKey?.(...args);
  return { hmac: nameOf(algorithm.hash), raw: Buffer.from(raw) } satisfies RawKey;
};

const sign = subtle.sign?.bind(crypto.subtle);
subtle.sign = async (...args: never[]): Promise<unknown> => {
  const [, key, data] = args as unknown as [string, Partial<RawKey>, Uint8Array];
  if (key.hmac === undefined || key.raw === undefined) return sign?.(...args);
  return exact(createHmac(key.hmac, key.raw).update(data).digest());
};
