import { toBase64Url } from "../../platform/base64.ts";
import { indexOfSecret } from "../../platform/secret-equality.ts";

/*
 * The address that a generation's job is told to call. Its token is derived, not stored and not random: the address is part of the body that an
 * idempotency key stands for, so every POST of a generation must name the same one. A stolen token makes us look at one job, no more.
 */

/** Secrets of a ledger, never in the environment or a log: the current one first; those it replaced still open what they gave out. */
export type HookKeys = readonly [Uint8Array<ArrayBuffer>, ...Uint8Array<ArrayBuffer>[]];

const PLACE = /^\/ittybit\/([1-9]\d{0,15})\/([A-Za-z0-9_-]{22})$/;
/** 132 bits, as many as fit a whole number of base64url characters. */
const TOKEN_CHARS = 22;

async function tokenOf(key: Uint8Array<ArrayBuffer>, ledgerId: string, gen: number): Promise<string> {
  const hmac = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const text = new TextEncoder().encode(`ittybit-hook:${ledgerId}:${gen}`);
  return toBase64Url(new Uint8Array(await crypto.subtle.sign("HMAC", hmac, text))).slice(0, TOKEN_CHARS);
}

/** @param publicUrl where the consumer answers, https, without a trailing slash */
export async function hookAddress(publicUrl: string, ledgerId: string, gen: number, [key]: HookKeys): Promise<string> {
  return `${publicUrl}/ittybit/${gen}/${await tokenOf(key, ledgerId, gen)}`;
}

/** The generation whose address this path is; null for any other path, in a time that does not depend on how near it is. */
export async function generationOfHook(path: string, ledgerId: string, keys: HookKeys): Promise<number | null> {
  const [, digits = "", token = ""] = PLACE.exec(path) ?? [];
  const gen = Number(digits);
  if (token === "" || !Number.isSafeInteger(gen)) return null;
  const tokens = await Promise.all(keys.map((key) => tokenOf(key, ledgerId, gen)));
  return (await indexOfSecret(token, tokens)) === -1 ? null : gen;
}
