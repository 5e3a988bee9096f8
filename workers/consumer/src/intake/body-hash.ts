/** SHA-256 of text or bytes in hexadecimal. */
export async function sha256Hex(given: string | Uint8Array<ArrayBuffer>): Promise<string> {
  const bytes = typeof given === "string" ? new TextEncoder().encode(given) : given;
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
