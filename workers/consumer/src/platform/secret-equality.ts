const encoder = new TextEncoder();

async function digest(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(text)));
}

/** Whether two byte strings are the same, in a time that depends on their length only. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let index = 0; index < a.length; index += 1) difference |= (a[index] ?? 0) ^ (b[index] ?? 0);
  return difference === 0;
}

/**
 * Which of the secrets the given text is, or -1. All are compared, by digest: neither length, nor place, nor the first wrong letter
 * shows in the time it takes.
 */
export async function indexOfSecret(given: string, secrets: readonly string[]): Promise<number> {
  const asked = await digest(given);
  let found = -1;
  for (const [index, secret] of secrets.entries()) {
    const same = equalBytes(asked, await digest(secret));
    if (same && secret !== "") found = index;
  }
  return found;
}
