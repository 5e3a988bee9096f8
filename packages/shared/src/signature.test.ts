import { createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DEFAULTS } from "./config.ts";
import { formatId } from "./image-id.ts";
import { originalUrl, readExp, sign, signOriginal, stringToSign, verify, verifyOriginal } from "./signature.ts";
import { ids, transforms, versions } from "./testing/arbitraries.ts";
import { formatTransform } from "./transform.ts";

const config = { noise: DEFAULTS.noise, limits: { originalsWindowSeconds: 3600 } };
const NOW = 1_800_000_000;
const PATH = "/images/a%20b/c.jpg";
const check = (query: string, keys = ["new", "old"], now = NOW, path = PATH) => verify(path, query, keys, config, now);

async function signed(query: string, key = "new"): Promise<string> {
  return `${query}&s=${await sign(PATH, query, key, config)}`;
}

describe("what is signed", () => {
  it.each([
    ["w=800&f=webp", "/p?f=webp&w=800", "sorted by name"],
    ["s=abc&w=800", "/p?w=800", "without the signature"],
    ["w=800&utm_source=x&fbclid=y&_=1", "/p?w=800", "without noise, which comes later"],
    ["w=800&exp=5&v=x", "/p?exp=5&v=x&w=800", "with expiry and version"],
    ["", "/p?", "with the question mark even when nothing follows"],
    ["w=799&q=75&f=jpg", "/p?f=jpg&q=75&w=799", "as asked, before snapping"],
    ["%77=800", "/p?w=800", "names as they read"],
    ["w=800&sc=image&v=x&exp=5&utm_source=x&s=abc", "/p?exp=5&sc=image&v=x", "an image's: not the transform"],
    ["w=800&sc=other", "/p?sc=other&w=800", "no other scope's"],
  ])("%s is %s (%s)", (query, text) => {
    expect(stringToSign("/p", query, DEFAULTS.noise)).toBe(text);
    expect(stringToSign("/p", new URLSearchParams(query), DEFAULTS.noise)).toBe(text);
  });

  it("is signed by HMAC-SHA256 in base64url without padding", async () => {
    const known = createHmac("sha256", "schlüssel").update(`${PATH}?f=webp&w=800`).digest("base64url");
    expect(await sign(PATH, "w=800&f=webp", "schlüssel", config)).toBe(known);
  });
});

describe("verify", () => {
  it("takes every order of the query, and noise that was added later", async () => {
    const s = await sign(PATH, "w=801&h=333&fit=fill", "new", config);
    expect(await check(`utm_medium=mail&fit=fill&s=${s}&h=333&w=801&fbclid=1`)).toBe("ok");
  });

  it("takes every live key, and no other", async () => {
    expect(await check(await signed("w=1", "old"))).toBe("ok");
    expect(await check(await signed("w=1", "gone"))).toBe("bad");
    expect(await check(await signed("w=1"), [])).toBe("bad");
  });

  it("never takes an empty key", async () => {
    const s = createHmac("sha256", "").update(`${PATH}?w=1`).digest("base64url");
    expect(await check(`w=1&s=${s}`, ["", "new"])).toBe("bad");
  });

  it.each([
    [(url: string) => url.replace("w=8", "w=9"), "another width"],
    [(url: string) => `${url}&q=low`, "a parameter more"],
    [(url: string) => url.replace("w=800&", ""), "a parameter less"],
    [(url: string) => url.replace("exp=1800000100", "exp=1900000000"), "a longer life"],
    [(url: string) => `${url}=`, "padding"],
    [(url: string) => url.replace(/s=.*/, "s="), "no signature in it"],
    [(url: string) => url.replace(/s=.*/, "s=ok"), "no signature at all"],
    [(url: string) => `${url}&${url.slice(url.indexOf("s="))}`, "the signature twice"],
    [(url: string) => url.slice(0, -1) + (url.endsWith("A") ? "E" : "A"), "another last letter"],
    [(url: string) => url.slice(0, -1) + next(url.slice(-1)), "the same bytes in another spelling"],
  ])("refuses a changed URL: %s (%s)", async (change) => {
    const url = await signed("w=800&exp=1800000100");
    expect(await check(url)).toBe("ok");
    expect(await check(change(url))).toBe("bad");
  });

  it("takes an image's signature for every transform, and for no other image, version or end", async () => {
    const s = await sign(PATH, "sc=image&v=1&exp=1800000100", "new", config);
    const url = (transform: string) => `${transform}&sc=image&v=1&exp=1800000100&s=${s}`;
    for (const transform of ["w=800", "w=320&f=auto", "p=card", ""]) expect(await check(url(transform))).toBe("ok");
    expect(await check(url("w=800"), ["new"], NOW, "/images/other")).toBe("bad");
    expect(await check(url("w=800").replace("v=1", "v=2"))).toBe("bad");
    expect(await check(url("w=800").replace("0100", "0101"))).toBe("bad");
    expect(await check(url("w=800").replace("sc=image&", ""))).toBe("bad");
    expect(await check(url("w=800"), ["new"], 1_800_000_100)).toBe("expired");
    expect(await check(`${await signed("w=800")}&sc=image`)).toBe("bad");
    expect(await check(`sc=image&s=${await sign(PATH, "", "new", config)}`)).toBe("bad");
  });

  it("refuses the same query on another path", async () => {
    expect(await check(await signed("w=800"), ["new"], NOW, "/images/other")).toBe("bad");
    expect(await check(await signed("w=800"), ["new"], NOW, "/images/a b/c.jpg")).toBe("bad");
  });

  it("tells absent from bad, and judges the expiry only when the signature is right", async () => {
    expect(await check("w=800&exp=1")).toBe("absent");
    expect(await check(await signed(`w=800&exp=${NOW + 1}`))).toBe("ok");
    expect(await check(await signed(`w=800&exp=${NOW}`))).toBe("expired");
    expect(await check(await signed(`w=800&exp=${NOW}`, "gone"))).toBe("bad");
    expect(await check(await signed("w=800&exp=never"))).toBe("bad");
    expect(await check(await signed(`w=800&exp=1&exp=${NOW + 9}`))).toBe("bad");
  });

  it("takes whatever sign has signed", async () => {
    const asked = fc.tuple(ids, transforms, versions, fc.string({ minLength: 1 }));
    await fc.assert(
      fc.asyncProperty(asked, async ([id, transform, v, key]) => {
        const path = `/images/${formatId(id)}`;
        const query = formatTransform(transform) + (v === null ? "" : `&v=${v}`);
        const s = await sign(path, query, key, config);
        expect(await verify(path, `${query}&s=${s}`, [key], config, NOW)).toBe("ok");
        expect(await verify(path, `${query}&s=${s}`, [`${key}x`], config, NOW)).toBe("bad");
      }),
    );
  });
});

/** The neighbour of a base64 letter whose unused low bits differ. */
function next(letter: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  return alphabet[alphabet.indexOf(letter) ^ 1] ?? "";
}

describe("an original's URL", () => {
  it("is byte-identical within a window, and lives between one and two windows", async () => {
    const at = (now: number) => originalUrl("https://images.example.com/", "a/b c.jpg", "new", config, now);
    const window = Math.floor(NOW / 3600) * 3600;
    expect(await at(window + 3599)).toBe(await at(window));
    expect(await at(window + 3600)).not.toBe(await at(window));
    expect(await at(window)).toMatch(/^https:\/\/images\.example\.com\/originals\/a\/b%20c\.jpg\?exp=\d+&s=[\w-]{43}$/);
    expect(readExp(new URL(await at(window)).search)).toBe(window + 7200);
    expect(readExp(new URL(await at(window + 3599)).search)).toBe(window + 7200);
  });

  it("verifies until it expires, and needs an expiry", async () => {
    const url = new URL(await signOriginal("a", "new", config, NOW), "https://x");
    const judge = (query: string, now: number) => verifyOriginal(url.pathname, query, ["new"], config, now);
    expect(await judge(url.search, NOW)).toBe("ok");
    expect(await judge(url.search, NOW + 7200)).toBe("expired");
    expect(await judge("", NOW)).toBe("absent");
    expect(await judge(`s=${await sign(url.pathname, "", "new", config)}`, NOW)).toBe("bad");
  });

  it("does not open the image of the same id", async () => {
    const { search } = new URL(await signOriginal("a", "new", config, NOW), "https://x");
    expect(await verify("/images/a", search, ["new"], config, NOW)).toBe("bad");
  });
});
