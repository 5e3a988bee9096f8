import { defineConfig } from "@prewarm/shared/config";
import { growthOf, LINEAR_MAX } from "@prewarm/shared/testing/slowness";
import { createScan, scanSitemap } from "@prewarm/site-pages/scan-sitemap";
import { describe, expect, it } from "vitest";
import { bytesOf, collect, reads } from "../../test/testing/text.ts";
import { createNamer } from "./namer.ts";
import { readSitemap } from "./read-sitemap.ts";

const config = defineConfig({ sources: [{ prefix: "", url: "https://cdn.example.com/originals/{id}.jpg" }] });
const namer = createNamer(config, "https://images.example.com");

const urlset = (body: string): string =>
  `<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">${body}</urlset>`;
const index = (...urls: string[]): string =>
  `<sitemapindex>${urls.map((url) => `<sitemap><loc>${url}</loc></sitemap>`).join("")}</sitemapindex>`;

function web(pages: Record<string, string>) {
  const opened: string[] = [];
  const open = (place: string) => {
    opened.push(place);
    return bytesOf(pages[place] ?? "");
  };
  return { open, opened };
}

describe("scanSitemap", () => {
  it.each([1, 5, 4096])(
    "finds locations with any prefix, CDATA, entities and comments, %i bytes at a time",
    async (size) => {
      const xml = urlset(
        `<!-- <loc>no</loc> --><url><loc> https://x/p?a=1&amp;b=2 </loc><i:image xmlns:i="y"><i:loc><![CDATA[https://x/a&b.jpg]]></i:loc><i:caption>loc</i:caption></i:image><video:video><video:thumbnail_loc>https://x/t</video:thumbnail_loc></video:video><lastmod/></url>`,
      );
      expect(await collect(scanSitemap(bytesOf(xml, size)))).toEqual([
        { of: "page", url: "https://x/p?a=1&b=2" },
        { of: "image", url: "https://x/a&b.jpg" },
      ]);
    },
  );

  it.each([
    ["texts", "<url><loc>", "<![CDATA[aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]]>"],
    ["open tags", "", "<a>"],
    ["a tag's name", "<", "aaaaaaaaaaaaaaaaaaaaaaaa"],
  ])("gives up a sitemap of endless %s long before memory ends", async (_, start, piece) => {
    let given = 0;
    const endless = async function* () {
      yield new TextEncoder().encode(`<urlset>${start}`);
      for (; given < 100_000_000; given += piece.length * 1000) yield new TextEncoder().encode(piece.repeat(1000));
    };
    await expect(collect(scanSitemap(endless()))).rejects.toThrow(/no sitemap/);
    expect(given).toBeLessThan(3_000_000);
  });

  it.each([
    ["comment", "<!--", "a"],
    ["text", "<loc>", "a"],
    ["tag", "<a ", "b "],
    ["row of elements", "", "<url><loc>https://x/</loc></url>"],
  ])("reads a long %s that comes in pieces of 64 bytes in time in proportion to its length", (_, start, piece) => {
    const growth = growthOf((times) => {
      const bytes = new TextEncoder().encode(start + piece.repeat((times * 100_000) / piece.length));
      return () => {
        const scan = createScan();
        for (let at = 0; at < bytes.length; at += 64) scan.read(bytes.subarray(at, at + 64));
      };
    });
    expect(growth).toBeLessThan(LINEAR_MAX);
  });

  it("resolves no entities of a DTD", async () => {
    const xml = `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><urlset><url><loc>https://x/&e;</loc></url></urlset>`;
    expect(await collect(scanSitemap(bytesOf(xml)))).toEqual([{ of: "page", url: "https://x/&e;" }]);
  });

  it.each([
    ["no xml at all", "there is no XML"],
    ["<urlset><url><loc>https://x/</loc>", "cut off"],
    ["<html><p></html>", "closes nothing"],
  ])("refuses %j", async (xml, reason) => {
    await expect(collect(scanSitemap(bytesOf(xml)))).rejects.toThrow(reason);
  });
});

describe("readSitemap", () => {
  it("reads images backwards through the source, and image URLs of the edge with their transform", async () => {
    const xml = urlset(
      `<url><loc>https://www.example.com/page</loc>
       <image:image><image:loc>https://cdn.example.com/originals/summer/a%20b.jpg</image:loc></image:image>
       <image:image><image:loc>https://images.example.com/images/c?w=800&amp;f=avif&amp;v=7&amp;utm_source=x</image:loc></image:image>
       <image:image><image:loc>https://elsewhere.example.com/d.jpg</image:loc></image:image></url>`,
    );
    expect(await reads(readSitemap("s.xml", web({ "s.xml": xml }).open, namer))).toEqual([
      { id: "summer/a b" },
      { id: "c", v: "7", transforms: ["w=800&f=avif"] },
      ["s.xml#4", "https://elsewhere.example.com/d.jpg: no configured source has this URL"],
    ]);
  });

  it("follows an index once per sitemap, in order", async () => {
    const one = urlset("<url><loc>https://cdn.example.com/originals/1.jpg</loc></url>");
    const two = urlset("<url><loc>https://cdn.example.com/originals/2.jpg</loc></url>");
    const { open, opened } = web({
      i: index("https://x/1", "https://x/2", "https://x/1"),
      "https://x/1": one,
      "https://x/2": two,
    });
    expect(await reads(readSitemap("i", open, namer))).toEqual([{ id: "1" }, { id: "2" }]);
    expect(opened).toEqual(["i", "https://x/1", "https://x/2"]);
  });

  it("does not open files that an index names", async () => {
    const { open, opened } = web({ i: index("/etc/passwd") });
    await expect(collect(readSitemap("i", open, namer))).rejects.toThrow("no URL");
    expect(opened).toEqual(["i"]);
  });

  it("stops at an index that goes deeper and deeper", async () => {
    const open = (place: string) => bytesOf(index(`${place.startsWith("https") ? place : "https://x"}/next`));
    await expect(collect(readSitemap("i", open, namer))).rejects.toThrow("nested");
  });

  it("says so when a sitemap names pages only", async () => {
    const { open } = web({ s: urlset("<url><loc>https://www.example.com/</loc></url>") });
    await expect(collect(readSitemap("s", open, namer))).rejects.toThrow("names no images: 1 pages");
  });
});
