/** MD5 of a text's UTF-8 bytes, as hex. imgix signs with it, and WebCrypto has it in Workers only. */
export function md5(text: string): string {
  const bytes = new TextEncoder().encode(text);
  const words = new Uint32Array((((bytes.length + 8) >> 6) + 1) * 16);
  for (const [at, byte] of bytes.entries()) words[at >> 2] = word(words, at >> 2) | (byte << ((at % 4) * 8));
  words[bytes.length >> 2] = word(words, bytes.length >> 2) | (0x80 << ((bytes.length % 4) * 8));
  words[words.length - 2] = bytes.length * 8;
  const state = Uint32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476);
  for (let at = 0; at < words.length; at += 16) addBlock(state, words.subarray(at, at + 16));
  return [...new Uint8Array(state.buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

const SHIFTS = [
  [7, 12, 17, 22],
  [5, 9, 14, 20],
  [4, 11, 16, 23],
  [6, 10, 15, 21],
] as const;

function addBlock(state: Uint32Array, block: Uint32Array): void {
  let [a, b, c, d] = [word(state, 0), word(state, 1), word(state, 2), word(state, 3)];
  for (let step = 0; step < 64; step += 1) {
    const round = step >> 4;
    const [mixed, at] = mix(round, step, [b, c, d]);
    const constant = Math.floor(Math.abs(Math.sin(step + 1)) * 2 ** 32);
    const sum = (a + mixed + constant + word(block, at % 16)) >>> 0;
    const shift = SHIFTS[round]?.[step % 4] ?? 0;
    [a, d, c, b] = [d, c, b, (b + ((sum << shift) | (sum >>> (32 - shift)))) >>> 0];
  }
  for (const [at, value] of [a, b, c, d].entries()) state[at] = word(state, at) + value;
}

/** What a round makes of three words, and which word of the block it takes. */
function mix(round: number, step: number, [b, c, d]: [number, number, number]): [number, number] {
  if (round === 0) return [(b & c) | (~b & d), step];
  if (round === 1) return [(d & b) | (~d & c), 5 * step + 1];
  return round === 2 ? [b ^ c ^ d, 3 * step + 5] : [c ^ (b | ~d), 7 * step];
}

function word(words: Uint32Array, at: number): number {
  return words[at] ?? 0;
}
