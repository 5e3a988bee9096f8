import { sign, verify } from "@prewarm/shared/signature";
import { ids } from "@prewarm/shared/testing/arbitraries";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createPrewarm } from "./create-prewarm.ts";
import { signAttrs, signAttrsSync, signImage, signImageSync, signUrl, signUrlSync } from "./server.ts";
import { BASE, config, faultOf } from "./testing/ask-edge.ts";

const prewarm = createPrewarm({ baseUrl: BASE });
const now = 1_800_000_123;

async function verdict(signed: string, at = now): Promise<string> {
  const url = new URL(signed);
  return verify(url.pathname, url.search, ["key"], config, at);
}

describe("a signed URL", () => {
  it("has the edge's own signature, byte for byte, both ways of signing", async () => {
    const query = fc.constantFrom(
      "",
      "?w=800&f=auto",
      "?h=33&w=801",
      "?w=1&utm_source=a&fbclid=2",
      "?exp=3&w=5&s=old",
      "?v=a-b",
    );
    await fc.assert(
      fc.asyncProperty(ids, query, fc.string({ minLength: 1 }), async (id, asked, key) => {
        const url = prewarm.imageUrl(id).split("?")[0] + asked;
        const signed = await signUrl(url, key);
        const { pathname, searchParams } = new URL(signed);
        expect(searchParams.get("s")).toBe(await sign(pathname, searchParams, key, config));
        expect(signUrlSync(url, key)).toBe(signed);
      }),
    );
  });

  it("is good for one to two lifetimes, and the same URL all through a window", async () => {
    const url = prewarm.imageUrl("a", { width: 320 });
    const [first, second] = [
      await signUrl(url, "key", { lifetime: 600, now }),
      signUrlSync(url, "key", { lifetime: 600, now: now + 400 }),
    ];
    expect(second).toBe(first);
    expect(await verdict(first, now + 600)).toBe("ok");
    expect(await verdict(first, now + 1200)).toBe("expired");
  });

  it("is signed from /images/ on, wherever the edge is mounted", () => {
    const [at, mounted] = ["https://a.example", "https://a.example/cdn"].map((base) =>
      signUrlSync(`${base}/images/x?w=5`, "key"),
    );
    expect(mounted?.split("/images/")[1]).toBe(at?.split("/images/")[1]);
  });

  it("must be an image's", () => {
    expect(() => signUrlSync("https://a.example/other", "key")).toThrow(TypeError);
  });

  it("needs a key: no edge takes a signature by an empty one", async () => {
    const [said, url] = [/signing key/, "https://a.example/images/x?w=5"];
    expect(() => signUrlSync(url, "")).toThrow(said);
    expect(() => signImageSync("x", "")).toThrow(said);
    await expect(signUrl(url, "")).rejects.toThrow(said);
  });
});

it("attributes are signed in every URL, and otherwise as they were", async () => {
  const given = prewarm.attrs({ id: "a b, c.jpg", width: 2000, height: 1000 }, { width: 500, alt: "A, b" });
  const signed = await signAttrs(given, "key");
  expect(signAttrsSync(given, "key")).toEqual(signed);
  const urls = [signed.src, ...(signed.srcset ?? "").split(", ").map((candidate) => candidate.split(" ")[0] ?? "")];
  for (const url of urls) expect(await verdict(url)).toBe("ok");
  expect({ ...signed, src: given.src, srcset: given.srcset }).toEqual(given);
  expect(signed.srcset?.replaceAll(/&s=[\w-]{43}/g, "")).toBe(given.srcset);
});

describe("the signature of an image", () => {
  const photo = { id: "für/a b.jpg", v: "2026-11-25T02:00:00Z", width: 2400, height: 1600 };
  const pages = { ratios: ["1:1"] };

  it("opens every URL that the client makes of the image", async () => {
    const options = { lifetime: 600, now };
    const sig = await signImage(photo, "key", options);
    expect(signImageSync(photo, "key", options)).toBe(sig);
    expect(await signImage("a", "key")).toMatch(/^[\w-]{43}$/);
    const site = { baseUrl: BASE, presets: { card: "w=640" }, pages, formats: ["avif", "webp"] } as const;
    const given = createPrewarm(site);
    const made = createPrewarm({
      ...site,
      sign: (ref) => signImageSync(ref, "key", options),
    });
    for (const [client, ref] of [
      [given, { ...photo, sig }],
      [made, photo],
    ] as const) {
      const markup = [
        client.imageUrl(ref, { preset: "card" }),
        client.og(ref),
        client.picture(ref, { width: 720, art: [{ media: "print", ratio: "1:1" }], formats: ["avif", "webp"] }),
        client.preload(ref, { width: 720 }),
        client.imageSet(ref, { width: 320 }),
      ].join(" ");
      const urls = markup.replaceAll("&amp;", "&").match(/https:[^\s")]+/g) ?? [];
      expect(new Set(urls).size).toBeGreaterThan(20);
      for (const url of urls) {
        expect([url, faultOf(url)]).toEqual([url, null]);
        expect([url, await verdict(url)]).toEqual([url, "ok"]);
        expect([url, await verdict(url, now + 1200)]).toEqual([url, "expired"]);
      }
    }
  });

  it("is the edge's own, also for originals that are passed through", async () => {
    const sig = await signImage("logo.svg", "key");
    expect(sig).toBe(await sign("/images/logo.svg", "sc=image", "key", config));
    expect(prewarm.imageUrl({ id: "logo.svg", sig }, { width: 320 })).toBe(`${BASE}/images/logo.svg?sc=image&s=${sig}`);
  });
});

it("in a browser's bundle the entry throws", async () => {
  await expect(import("./server-in-browser.ts")).rejects.toThrow("must not run in a browser");
});
