/*
 * Ed25519 keys as base64 of DER, which openssl and WebCrypto read: PKCS#8 of a private key, SubjectPublicKeyInfo of a
 * public one. The bytes before the key are always the same, so the beginning of a text tells the two apart.
 */

const PRIVATE = "MC4CAQAwBQYDK2VwBCIE";
const PUBLIC = "MCowBQYDK2VwAyEA";
/** The last byte before a private key is its length, 0x20: `I` and the first half of the next letter. */
const PRIVATE_KEY = /^MC4CAQAwBQYDK2VwBCIEI[A-P][A-Za-z0-9+/]{42}$/;
const PUBLIC_KEY = /^MCowBQYDK2VwAyEA[A-Za-z0-9+/]{43}=$/;
const ALGORITHM = { name: "Ed25519" };
const SIGNATURE_BYTES = 64;

export function isPrivateKey(text: string): boolean {
  return PRIVATE_KEY.test(text);
}

export function isPublicKey(text: string): boolean {
  return PUBLIC_KEY.test(text);
}

/** A new private key. */
export function makePrivateKey(): string {
  return PRIVATE + btoa(String.fromCharCode(0x20, ...crypto.getRandomValues(new Uint8Array(32))));
}

/** The public key of a private one; a public one is its own. */
export async function publicHalf(key: string): Promise<string> {
  if (isPublicKey(key)) return key;
  const { x = "" } = (await crypto.subtle.exportKey("jwk", await importPrivate(key))) as JsonWebKey;
  return `${PUBLIC}${x.replaceAll("-", "+").replaceAll("_", "/")}=`;
}

/** The signature of a text, base64. */
export async function signText(text: string, privateKey: string): Promise<string> {
  const signature = await crypto.subtle.sign(
    ALGORITHM,
    await importPrivate(privateKey),
    new TextEncoder().encode(text),
  );
  return btoa(String.fromCharCode(...new Uint8Array(signature)));
}

/** Whether `signature` is the base64 that `signText` made of this text, character for character. */
export async function isSignedBy(publicKey: string, signature: string, text: string): Promise<boolean> {
  const [bytes, der] = [fromBase64(signature), fromBase64(publicKey)];
  // workerd throws where Node answers false.
  if (bytes?.length !== SIGNATURE_BYTES || der === null) return false;
  const key = await crypto.subtle.importKey("spki", der, ALGORITHM, false, ["verify"]);
  return crypto.subtle.verify(ALGORITHM, key, bytes, new TextEncoder().encode(text));
}

/** Public keys as openssl reads them, one PEM block after the other. */
export function printPem(publicKeys: readonly string[]): string {
  return publicKeys.map((key) => `-----BEGIN PUBLIC KEY-----\n${key}\n-----END PUBLIC KEY-----\n`).join("");
}

/** The public keys in a text of PEM blocks; other lines are left out. */
export function parsePem(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter(isPublicKey);
}

function importPrivate(key: string): Promise<CryptoKey> {
  return crypto.subtle.importKey("pkcs8", fromBase64(key) ?? new Uint8Array(), ALGORITHM, true, ["sign"]);
}

/** Null: another spelling of the bytes, or none. */
function fromBase64(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    const letters = atob(text);
    return btoa(letters) === text ? Uint8Array.from(letters, (letter) => letter.charCodeAt(0)) : null;
  } catch {
    return null;
  }
}
