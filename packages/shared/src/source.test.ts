import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SourceConfig } from "./config.ts";
import { formatId } from "./image-id.ts";
import { idFromKey, isPassThrough, isUnshowable, isWithheld, resolveOriginal } from "./source.ts";
import { ids } from "./testing/arbitraries.ts";

const cdn: SourceConfig = { prefix: "", url: "https://cdn.example.com/originals/{id}.jpg" };
const shop: SourceConfig = { prefix: "shop/", url: "https://shop.example.com/get?file={id}&full=1" };
const vault: SourceConfig = { prefix: "shop/private/", bucket: "ORIGINALS", key: "originals/{id}" };
const config = { sources: [shop, cdn, vault] };

describe("resolveOriginal", () => {
  it.each([
    ["a", "https://cdn.example.com/originals/a.jpg", "the source that takes the rest"],
    ["a/b c", "https://cdn.example.com/originals/a/b%20c.jpg", "a slash stays, the rest is encoded"],
    ["a%2e%2e", "https://cdn.example.com/originals/a%252e%252e.jpg", "text that looks encoded"],
    ["a?x=1#y", "https://cdn.example.com/originals/a%3Fx%3D1%23y.jpg", "no query, no fragment"],
    ["$&$1$$", "https://cdn.example.com/originals/%24%26%241%24%24.jpg", "no replacement patterns"],
    ["@evil.com", "https://cdn.example.com/originals/%40evil.com.jpg", "no user and host"],
    ["https:/evil.com", "https://cdn.example.com/originals/https%3A/evil.com.jpg", "no other scheme"],
    ["{id}", "https://cdn.example.com/originals/%7Bid%7D.jpg", "the hole's own name"],
    ["shop/a&full=0", "https://shop.example.com/get?file=shop/a%26full%3D0&full=1", "no parameter of its own"],
    ["shopping", "https://cdn.example.com/originals/shopping.jpg", "not quite the prefix"],
  ])("%s is at %s (%s)", (id, url) => expect(resolveOriginal(config, id)).toEqual({ kind: "url", url }));

  describe("of a site's own function", () => {
    const own = (url: (id: string) => string | null) => ({
      sources: [cdn, { prefix: "own/", url }],
      passThrough: ["svg"],
    });
    it("takes the address that it returns, in its normal form", () => {
      const config = own((id) => `https://cdn${id.length % 4}.example.com/${id.slice(4)} 1?sig=x`);
      const url = "https://cdn3.example.com/a/b%201?sig=x";
      expect(resolveOriginal(config, "own/a/b")).toEqual({ kind: "url", url });
    });
    it.each([null, "", "not an address", "/originals/a", "javascript:alert(1)", "file:///etc/passwd"])(
      "takes no image at %s",
      (returned) =>
        expect(
          resolveOriginal(
            own(() => returned),
            "own/a",
          ),
        ).toBeNull(),
    );
    it("knows the original's kind by that address", () => {
      const config = own((id) => `https://cdn.example.com/${id}.svg?x=a.jpg`);
      expect([isPassThrough(config, "own/a"), isPassThrough(config, "a"), isUnshowable(config, "own/a")]).toEqual([
        true,
        false,
        false,
      ]);
    });
    it("reads no key backwards", () =>
      expect(idFromKey({ sources: own(() => null).sources.slice(1) }, "own/a")).toBeNull());
  });

  it("takes the longest prefix, and fills a bucket's key as plain text", () => {
    expect(resolveOriginal(config, "shop/private/$&/日")).toEqual({
      kind: "bucket",
      bucket: "ORIGINALS",
      key: "originals/shop/private/$&/日",
      hidden: true,
      maxUnsignedPx: Number.POSITIVE_INFINITY,
    });
  });

  it.each([
    ["the full size of a hidden original", "private/a", { width: null, height: null }, true],
    ["a width of it", "private/a", { width: 2048, height: null }, false],
    ["a width of it above its limit", "small/a", { width: 1080, height: null }, true],
    ["a width of it at its limit", "small/a", { width: 828, height: null }, false],
    ["a crop of it whose height is above its limit", "small/a", { width: 640, height: 853 }, true],
    ["the full size of one that is shown", "shown/a", { width: null, height: null }, false],
    ["the full size of one at a URL", "a", { width: null, height: null }, false],
  ])("withholds from URLs without a signature: %s", (_what, id, size, withheld) => {
    const bucket = { bucket: "ORIGINALS", key: "{id}" };
    const sources = [
      { prefix: "", url: "https://cdn.example.com/{id}" },
      { prefix: "private/", ...bucket },
      { prefix: "small/", ...bucket, maxUnsignedPx: 828 },
      { prefix: "shown/", ...bucket, viewers: "redirect" as const },
    ];
    expect(isWithheld({ sources }, id, size)).toBe(withheld);
  });

  it.each([
    [undefined, true],
    ["placeholder", true],
    ["redirect", false],
  ] as const)("hides a bucket's original unless the source shows it: viewers %s", (viewers, hidden) => {
    const source = { prefix: "", bucket: "B", key: "{id}", ...(viewers === undefined ? {} : { viewers }) };
    expect(resolveOriginal({ sources: [source] }, "a")).toMatchObject({ hidden });
  });

  it("knows no original where no source takes the id, or the template names no host", () => {
    expect(resolveOriginal({ sources: [shop] }, "a")).toBeNull();
    expect(
      resolveOriginal({ sources: [{ prefix: "", url: "https://cdn.example.com{id}/x" }] }, ".evil.com"),
    ).toBeNull();
    expect(resolveOriginal({ sources: [{ prefix: "", url: "https://{id}/x" }] }, "evil.com")).toBeNull();
    expect(resolveOriginal({ sources: [{ prefix: "", url: "https://cdn.example.com:{id}/x" }] }, "99")).toBeNull();
  });

  it("never leaves the template's origin and path, whatever the id", () => {
    fc.assert(
      fc.property(ids, (id) => {
        const original = resolveOriginal({ sources: [cdn] }, id);
        if (original?.kind !== "url") throw new Error("no URL");
        expect(original.url).toBe(`https://cdn.example.com/originals/${formatId(id)}.jpg`);
        expect(new URL(original.url).search + new URL(original.url).hash).toBe("");
      }),
      { numRuns: 1000 },
    );
  });
});

describe("idFromKey", () => {
  it.each<[string, string | null, string]>([
    ["originals/a/b c.jpg", "a/b c", "a URL's path read backwards"],
    ["originals/shop/private/x.jpg", "shop/private/x.jpg", "a bucket's key read backwards"],
    ["originals/.jpg", null, "nothing where the id belongs"],
    ["originals/a.png", null, "another ending"],
    ["other/a.jpg", null, "another folder"],
    ["originals/a//b.jpg", null, "no id"],
    ["originals/../x.jpg", null, "no id"],
    ["", null, "nothing"],
  ])("of %s is %s (%s)", (key, id) => expect(idFromKey(config, key)).toBe(id));

  it("takes the template that says most, and only where its source takes the id", () => {
    const plain: SourceConfig = { prefix: "", url: "https://cdn.example.com/{id}" };
    const raw: SourceConfig = { prefix: "raw/", bucket: "RAW", key: "{id}.nef" };
    const sources = [plain, raw];
    expect(idFromKey({ sources }, "raw/a.nef")).toBe("raw/a");
    expect(idFromKey({ sources }, "b.nef")).toBe("b.nef");
    expect(idFromKey({ sources }, "raw/a.jpg")).toBeNull();
  });

  it("looks only at a named bucket's sources, by binding or by a like name", () => {
    const one: SourceConfig = { prefix: "a/", bucket: "MY_PHOTOS", key: "{id}" };
    const two: SourceConfig = { prefix: "", bucket: "OTHER", key: "{id}" };
    const sources = [one, two];
    expect(idFromKey({ sources }, "a/x", "my-photos")).toBe("a/x");
    expect(idFromKey({ sources }, "b", "my-photos")).toBeNull();
    expect(idFromKey({ sources }, "b", "OTHER")).toBe("b");
    expect(idFromKey({ sources }, "b", "unheard-of")).toBe("b");
  });

  it("inverts every template", () => {
    const templates = [
      { prefix: "", bucket: "B", key: "{id}" },
      { prefix: "", bucket: "B", key: "o/{id}.x" },
      { prefix: "", url: "https://h.example/{id}" },
      { prefix: "", url: "https://h.example/a%20b/{id}.jpg?x=1" },
    ];
    fc.assert(
      fc.property(fc.constantFrom(...templates), ids, (source, id) => {
        const original = resolveOriginal({ sources: [source] }, id);
        if (original === null) throw new Error("no original");
        const key =
          original.kind === "bucket" ? original.key : decodeURIComponent(new URL(original.url).pathname.slice(1));
        expect(idFromKey({ sources: [source] }, key)).toBe(id);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("the original's kind", () => {
  const rules = { passThrough: ["svg", "gif"] };
  const bare = { ...rules, sources: [{ prefix: "", url: "https://h.example/{id}" }] };

  it("is told by the id's extension, in any case", () => {
    expect(isPassThrough(bare, "a/b.SVG")).toBe(true);
    expect(isPassThrough(bare, "a.svg/b")).toBe(false);
    expect(isPassThrough(bare, "svg")).toBe(false);
    expect(isUnshowable(bare, "a.HEIC")).toBe(true);
    expect(isUnshowable(bare, "summer/été a.JXL")).toBe(true);
    expect(isUnshowable(bare, "a.jpg")).toBe(false);
  });

  it("is told by the template where that has the extension", () => {
    const templated = { ...rules, sources: [{ prefix: "", url: "https://h.example/{id}.heic?v=1.svg" }] };
    expect(isUnshowable(templated, "a")).toBe(true);
    expect(isPassThrough(templated, "a.svg")).toBe(false);
  });
});
