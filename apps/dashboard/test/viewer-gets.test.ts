import type { Image, Variant } from "@prewarm/control-schema/images";
import { TRANSFORM_PARAMETERS } from "@prewarm/shared/parameters";
import { describe, expect, it } from "vitest";
import { itemsOf } from "../src/api/ask-viewers.ts";
import { type Asked, askedIn, isElsewhere, searchPlace, TRANSFORM_NAMES } from "../src/lib/any-url.ts";
import { viewerGets } from "../src/lib/viewer-gets.ts";
import { readImages } from "../src/lib/warm-input.ts";

const HERE = "https://img.example/images";

function variant(transform: string, more: Partial<Variant> = {}): Variant {
  const format = (new URLSearchParams(transform).get("f") ?? "webp") as Variant["format"];
  return {
    transform,
    format,
    state: "stored",
    bytes: 48_100,
    url: `${HERE}/a.jpg?${transform}`,
    key: transform,
    v: null,
    job: "00000000001",
    width: 800,
    height: 600,
    error: null,
    storedAt: 1,
    ...more,
  };
}

function image(...variants: Variant[]): Image {
  return {
    id: "a.jpg",
    v: null,
    originalUrl: "https://cdn.example/a.jpg",
    originalBytes: null,
    leftOut: [],
    sourceEtag: null,
    focal: null,
    purging: false,
    purge: null,
    removal: null,
    variants,
    nextCursor: null,
  };
}

const [asked] = askedIn(`${HERE}/a.jpg?w=800&f=webp`) as [Asked];

describe("what a viewer of an address gets", () => {
  it.each([
    ["w=800&f=webp", "w=800&q=high&f=webp", true],
    ["w=400&dpr=2", "w=800&q=high&f=webp", true],
    ["w=800&f=auto", "w=800&q=high&f=avif", true],
    ["w=800&h=600", "w=800&h=600&fit=cover&q=high&f=webp", true],
    ["w=800&h=600&fit=contain", "w=800&h=600&fit=cover&q=high&f=webp", false],
    ["w=800&q=low", "w=800&q=high&f=webp", false],
    ["w=800", "w=640&q=high&f=webp", false],
    ["w=800&h=600&pos=top", "w=800&h=600&fit=cover&q=high&f=webp", false],
  ])("of ?%s where %s is stored: the variant, %s", (query, stored, is) => {
    const one = { ...asked, query };
    expect(viewerGets(one, image(variant(stored)), null).what === "variant").toBe(is);
  });

  it("is no picture of a removed image, whatever R2 still has", () => {
    const removal = { at: 1, by: "anna", reason: "ticket 4711", complete: false };
    const removed = { ...image(variant("w=800&q=high&f=webp")), removal };
    expect(viewerGets(asked, removed, null)).toMatchObject({ what: "nothing", why: "The image is removed." });
  });

  it("is the variant with its bytes, and names the formats that are missing", () => {
    const auto = { ...asked, query: "w=800&f=auto" };
    const both = image(
      variant("w=800&q=high&f=webp"),
      variant("w=800&q=high&f=avif", { state: "queued", bytes: null }),
    );
    expect(viewerGets(auto, both, null)).toMatchObject({
      words: "The variant: webp 48.1 kB",
      why: "Not stored as avif yet.",
    });
  });

  it("is another variant or the original until it is made, with the reason and the job", () => {
    const failed = variant("w=800&q=high&f=webp", {
      state: "dead",
      bytes: null,
      error: { code: "upstream_failed", message: "Out of memory." },
    });
    expect(viewerGets(asked, image(failed, variant("w=400&q=high&f=webp")), null)).toEqual({
      what: "other",
      words: "Another stored variant, or the original",
      job: "00000000001",
      why: "The variant failed for good. Out of memory.",
    });
    expect(viewerGets(asked, image(failed), null)).toMatchObject({ what: "original", words: "The original" });
    expect(viewerGets(asked, { ...image(), originalUrl: null }, null).words).toMatch(/grey pixel/);
    expect(viewerGets(asked, { ...image(), purging: true }, null).why).toMatch(/purge/);
  });

  it("is of another version only that version's", () =>
    expect(viewerGets({ ...asked, v: "2" }, image(variant("w=800&q=high&f=webp")), null).what).toBe("original"));

  it("is an error where the address is refused or lacks its signature", () => {
    const rejected = [{ index: 0, id: "a.jpg", code: "parameter_invalid", message: "w is too large." }];
    expect(viewerGets(asked, image(), { existing: 0, duplicates: 0, rejected })).toMatchObject({
      what: "nothing",
      why: "w is too large.",
    });
    const signed = image(variant("w=800&q=high&f=webp", { url: `${HERE}/a.jpg?w=800&s=abc` }));
    expect(viewerGets(asked, signed, null).what).toBe("nothing");
    expect(viewerGets({ ...asked, signed: true }, signed, null).what).toBe("variant");
  });

  it("follows the server where no variant matches letter by letter, as between two widths", () => {
    const counted = { existing: 1, duplicates: 0, rejected: [] };
    expect(viewerGets({ ...asked, query: "p=card" }, image(), counted).what).toBe("variant");
    expect(viewerGets(asked, image(), { ...counted, existing: 0, duplicates: 1 }).why).toMatch(/queued or being made/);
  });
});

describe("addresses", () => {
  it("are read with the parameters of a transform", () => expect(TRANSFORM_NAMES).toEqual([...TRANSFORM_PARAMETERS]));
  it("are ordered as they ask, each image once", () =>
    expect(itemsOf(askedIn(`${HERE}/a.jpg?w=320 ${HERE}/a.jpg?w=640&f=auto&utm=x ${HERE}/b.jpg?v=7`))).toEqual([
      { id: "a.jpg", transforms: ["w=320", "w=640&f=auto"] },
      { id: "b.jpg", v: "7", transforms: ["f=webp"] },
    ]));
  it("of a page or a sitemap are its images, and no other line of it", () => {
    const page = `<html>\n<p>Hello</p>\n<img src="/images/a.jpg?w=320" srcset='/images/b.jpg 2x'>`;
    const sitemap = `<?xml version="1.0"?>\n<urlset><url><loc>https://x.example/a</loc>\n<image:loc>${HERE}/c.jpg</image:loc>`;
    expect([readImages(page), readImages(sitemap)].map((all) => all.map(({ id }) => id))).toEqual([
      ["a.jpg", "b.jpg"],
      ["c.jpg"],
    ]);
  });
  it("of a whole list go with the history entry, where the address bar has no room", () => {
    const long = `${HERE}/a.jpg `.repeat(100);
    expect([searchPlace("a b")[0], searchPlace(long)]).toEqual(["/images?search=a+b", ["/images", { text: long }]]);
    expect([isElsewhere("https://shop.example/spring"), isElsewhere(`${HERE}/a.jpg`), isElsewhere("a.jpg")]).toEqual([
      ...[true, false, false],
    ]);
  });
});
