import { makePrivateKey, publicHalf, signText } from "@prewarm/shared/ed25519";
import { expect, it } from "vitest";
import { isCursorSigned, publicKeys, signCursor } from "./receipt-keys.ts";

const base64 = (hex: string) => btoa(String.fromCharCode(...(hex.match(/../g) ?? []).map((two) => Number(`0x${two}`))));

it("workerd signs as RFC 8032 says (section 7.1, test 1)", async () => {
  const seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
  const point = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
  const key = base64(`302e020100300506032b657004220420${seed}`);
  expect(await publicHalf(key)).toBe(base64(`302a300506032b6570032100${point}`));
  const r = "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555";
  const s = "fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b";
  expect(await signText("", key)).toBe(base64(r + s));
});

it("workerd verifies after a rotation, by the old private key or by its public half, and under no other key", async () => {
  const [old, next] = [makePrivateKey(), makePrivateKey()];
  const signature = await signCursor("sums", { receiptKeys: [old] });
  const [publicOld = ""] = await publicKeys({ receiptKeys: [old] });
  const under = (receiptKeys: string[], text = signature) => isCursorSigned("sums", text, { receiptKeys });
  expect(await Promise.all([under([old]), under([next, old]), under([next, publicOld])])).toEqual([true, true, true]);
  expect(await under([next])).toBe(false);
  for (const other of ["", "AAAA", signature.slice(0, -4), `${signature}AAAA`])
    expect(await under([old], other), other).toBe(false);
});
