import { describe, expect, it } from "vitest";
import { type ClientOptions, createMeta, createPrewarm } from "./create-prewarm.ts";
import { BASE } from "./testing/ask-edge.ts";

const plain = createMeta({ baseUrl: BASE });
const own = (more: Partial<ClientOptions>) =>
  createMeta({ baseUrl: BASE, presets: { og: "w=1200&h=628&f=jpeg" }, ...more });
const photo = { id: "photo.jpg", v: "2", width: 2400, height: 1600 };

describe("meta", () => {
  it("has one picture, its size and its words for previews, cards and search engines", () => {
    const { image, og, twitter, jsonLd } = plain(photo, { alt: "The harbour" });
    const url = `${BASE}/images/photo.jpg?w=1440&f=jpeg&v=2`;
    expect(image).toEqual({ url, type: "image/jpeg", width: 1440, height: 960, alt: "The harbour" });
    expect(url).toBe(createPrewarm({ baseUrl: BASE }).og(photo));
    const content = url.replaceAll("&", "&amp;");
    expect(og).toBe(
      `<meta property="og:image" content="${content}"><meta property="og:image:type" content="image/jpeg">` +
        '<meta property="og:image:width" content="1440"><meta property="og:image:height" content="960">' +
        '<meta property="og:image:alt" content="The harbour">',
    );
    expect(twitter).toBe(
      `<meta name="twitter:card" content="summary_large_image"><meta name="twitter:image" content="${content}">` +
        '<meta name="twitter:image:alt" content="The harbour">',
    );
    const [, json = ""] = /^<script type="application\/ld\+json">(.*)<\/script>$/.exec(jsonLd) ?? [];
    expect(JSON.parse(json)).toEqual({
      "@context": "https://schema.org",
      "@type": "ImageObject",
      contentUrl: url,
      encodingFormat: "image/jpeg",
      width: 1440,
      height: 960,
      caption: "The harbour",
    });
  });

  it.each([
    [own({}), photo, 1200, 628],
    [own({}), { ...photo, width: 800, height: 600 }, 800, 419],
    [own({}), "photo.jpg", 1200, 628],
    [plain, { ...photo, width: 800, height: 600 }, 800, 600],
    [plain, "photo.jpg", undefined, undefined],
    [own({ presets: { og: "w=600&f=jpeg" } }), photo, 600, 400],
    [own({ presets: { og: "w=600&h=600&fit=contain" } }), photo, undefined, undefined],
    [plain, "logo.svg", undefined, undefined],
  ])("tells the size only where it is known", (metaOf, ref, width, height) => {
    const { image } = metaOf(ref as never);
    expect([image.width, image.height]).toEqual([width, height]);
  });

  it("names no type that the negotiated picture may not have", () => {
    const auto = own({ presets: { og: "w=600&f=auto" } });
    expect([auto(photo).image.type, plain("logo.svg").og]).toEqual([
      undefined,
      `<meta property="og:image" content="${BASE}/images/logo.svg">`,
    ]);
  });

  it("lets no word end an attribute or a script", () => {
    const alt = `"><img src=x onerror=alert(1)> </script><script>alert(2)</script> <!-- & '`;
    const { og, twitter, jsonLd } = plain("a'b.jpg", { alt });
    for (const markup of [og, twitter]) {
      expect(markup.replaceAll(/<meta (property|name)="[^"]*" content="[^"<]*">/g, "")).toBe("");
      expect(markup).toContain("&quot;>&lt;img");
    }
    const inside = jsonLd.slice('<script type="application/ld+json">'.length, -"</script>".length);
    expect(inside).not.toMatch(/</);
    expect(JSON.parse(inside).caption).toBe(alt);
  });

  it("demands an absolute address", () => {
    for (const baseUrl of ["", "/cdn", "//images.example.com"])
      expect(() => createMeta({ baseUrl })("a")).toThrow(
        `"${baseUrl}" is not an address for crawlers: baseUrl needs https://`,
      );
  });
});
