import { fromBase64, toBase64Url } from "../../platform/base64.ts";
import { indexOfSecret } from "../../platform/secret-equality.ts";

/*
 * The address that a generation's job is told to call. Its token is derived, not stored and not random: the address is part of the body that an
 * idempotency key stands for, so every POST of a generation must name the same one. A stolen token makes us look at one job, no more.
 */

/** What a ledger's addresses are made of. */
export interface HookSecret {
  ledgerId: string;
  /** 32 bytes in base64url; in no environment and no log. */
  key: string;
}

/** 132 bits, as many as fit a whole number of base64url characters. */
const TOKEN_CHARS = 22;
const TOKEN = /^[A-Za-z0-9_-]{22}$/;
const GENERATION = /^[1-9]\d{0,15}$/;

async function tokenOf({ ledgerId, key }: HookSecret, gen: number): Promise<string> {
  const bytes = fromBase64(key) ?? new Uint8Array();
  const hmac = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const text = new TextEncoder().encode(`ittybit-hook:${ledgerId}:${gen}`);
  return toBase64Url(new Uint8Array(await crypto.subtle.sign("HMAC", hmac, text))).slice(0, TOKEN_CHARS);
}

/** @param publicUrl where the consumer answers, without a trailing slash */
export async function hookAddress(publicUrl: string, gen: number, secret: HookSecret): Promise<string> {
  return `${publicUrl}/ittybit/${gen}/${await tokenOf(secret, gen)}`;
}

/** A generation as an address has it; null for what cannot be one, so that it costs no call. */
export function generationIn(gen: string, token: string): number | null {
  const number = GENERATION.test(gen) && TOKEN.test(token) ? Number(gen) : Number.NaN;
  return Number.isSafeInteger(number) ? number : null;
}

/** Whether the token is this generation's, in a time that does not depend on how near it is. */
export async function opens(token: string, gen: number, secret: HookSecret): Promise<boolean> {
  return (await indexOfSecret(token, [await tokenOf(secret, gen)])) === 0;
}
