import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Config, defineConfig } from "@prewarm/shared/config";
import type { LegacyReading } from "@prewarm/shared/legacy";
import { expandTransforms, formatTransform } from "@prewarm/shared/transform";
import { recipesOf } from "@prewarm/shared/upload-recipe";
import { describe, expect, it } from "vitest";
import { cloudflareImages } from "../src/cloudflare.ts";
import { cloudinary } from "../src/cloudinary.ts";
import { imgix } from "../src/imgix.ts";
import { ipx } from "../src/ipx.ts";
import { netlify } from "../src/netlify.ts";
import { next } from "../src/next.ts";
import { bunny, fastly, imagekit, keycdn, shopify } from "../src/query.ts";
import type { LegacyService, ServiceOptions } from "../src/service.ts";
import { wordpress } from "../src/wordpress.ts";

/*
 * URLs as the services' own pages write them, each with what it must become with `exact`, written by hand. A line is `url | variant | exactness [| id]`:
 * `800.auto` and `640x480-medium.jpeg` are sizes, quality (if not high) and format, `p:card` a preset; E, A, U and R are exact, approximate,
 * unsupported and refused. `@ a.jpg` names the id of the lines after it, `^` begins their URLs.
 */
const SOURCES = [{ prefix: "", url: "https://cdn.example.com/originals/{id}" }];
const PRESETS = { card: "w=640&h=480&f=auto", thumb: "w=160&h=160&f=webp" };
const CONFIG: Config = defineConfig({ sources: SOURCES, presets: PRESETS });

/** Sites whose uploads must make all that old URLs become. */
const SITES: Record<string, Config> = {
  "the defaults": defineConfig({ sources: SOURCES }),
  "every line of pages": defineConfig({
    sources: SOURCES,
    presets: PRESETS,
    formats: ["webp", "avif", "jpeg", "png"],
    pages: {
      qualities: ["low", "high"],
      ratios: ["1:1", "9:16"],
      widths: [64, 128, 320, 480, 640, 828, 1080, 1440, 1920],
      formats: ["auto", "png"],
      make: ["webp"],
    },
  }),
};

interface Row {
  url: string;
  variant: string;
  exactness: string;
  id: string;
}

function readRows(name: string): Row[] {
  const rows: Row[] = [];
  let [id, head] = ["", ""];
  for (const line of readFileSync(join(import.meta.dirname, "fixtures", name), "utf8").split("\n")) {
    if (line.startsWith("@ ")) id = line.slice(2);
    else if (line.startsWith("^ ")) head = line.slice(2);
    else if (line.includes(" | ")) {
      const [url = "", variant = "", exactness = "", own = id] = line.split(" | ");
      rows.push({ url: head + url, variant, exactness, id: own });
    }
  }
  return rows;
}

/** The fixture's short form of a reading. */
function variantOf({ query }: LegacyReading): string {
  const given = new URLSearchParams(query);
  const preset = given.get("p");
  if (preset !== null) return `p:${preset}`;
  const [w, h, pos] = [given.get("w"), given.get("h"), given.get("pos")];
  const size = h === null ? (w ?? "orig") : `${w ?? ""}x${h}${pos === null ? "" : `-${pos}`}`;
  const quality = given.get("q") === "high" ? "" : `-${given.get("q")}`;
  return `${size}${quality}.${given.get("f")}`;
}

const HOSTS = ["images.example.com"];
const SERVICES: [string, (options: ServiceOptions) => LegacyService][] = [
  ["cloudinary.txt", cloudinary],
  ["imgix.txt", (options) => imgix({ ...options, hosts: ["demos.imgix.net"] })],
  ["cloudflare.txt", (options) => cloudflareImages({ ...options, account: "ZWd9g1K7eljCn_KDTu_MWA" })],
  ["netlify.txt", netlify],
  ["next.txt", next],
  ["ipx.txt", ipx],
  ["wordpress.txt", wordpress],
  ["imagekit.txt", (options) => imagekit({ ...options, hosts: HOSTS })],
  ["bunny.txt", (options) => bunny({ ...options, hosts: HOSTS })],
  ["fastly.txt", (options) => fastly({ ...options, hosts: HOSTS })],
  ["keycdn.txt", (options) => keycdn({ ...options, hosts: HOSTS })],
  ["shopify.txt", shopify],
];

describe.each(SERVICES)("the documented URLs in %s", (name, serviceOf) => {
  const rows = readRows(name);

  it("are each there once", () => {
    expect(new Set(rows.map(({ url }) => url)).size).toBe(rows.length);
  });

  it("become with `exact` the variants that were written by hand, and each is read", () => {
    const service = serviceOf({ exact: true });
    const wrong = rows.flatMap((row) => {
      const reading = service.read(new URL(row.url), CONFIG);
      const got =
        reading === null
          ? "unread"
          : `${variantOf(reading)} | ${reading.exactness.charAt(0).toUpperCase()} | ${reading.id}`;
      const wanted = `${row.variant} | ${row.exactness} | ${row.id}`;
      return got === wanted
        ? []
        : [{ url: row.url, wanted, got, losses: reading?.losses.map((loss) => loss.parameter) }];
    });
    expect(wrong).toEqual([]);
  });

  it("are as many of each kind as docs/moving-from.md says", () => {
    const share = (letter: string): string =>
      ((100 * rows.filter(({ exactness }) => exactness === letter).length) / rows.length).toFixed(0);
    const page = readFileSync(join(import.meta.dirname, "../../../docs/moving-from.md"), "utf8");
    const row = page.split("\n").find((line) => line.startsWith(`| \`${name.replace(".txt", "")}`));
    expect(row).toContain(`| ${rows.length}: ${["E", "A", "U", "R"].map(share).join(" / ")} |`);
  });

  it.each(Object.entries(SITES))("become variants that an upload makes, with %s", (_, config) => {
    const made = new Set(
      recipesOf(config).upload.flatMap((spec) => expandTransforms(spec, config).map(formatTransform)),
    );
    const service = serviceOf({});
    const cold = rows.flatMap(({ url }) => {
      const { query } = service.read(new URL(url), config) ?? { query: "" };
      return expandTransforms(query, config).every((each) => made.has(formatTransform(each))) ? [] : [[url, query]];
    });
    expect(cold).toEqual([]);
  });
});
