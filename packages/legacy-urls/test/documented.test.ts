import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Config, defineConfig } from "@prewarm/shared/config";
import type { LegacyReading } from "@prewarm/shared/legacy";
import { describe, expect, it } from "vitest";
import { cloudflareImages } from "../src/cloudflare.ts";
import { cloudinary } from "../src/cloudinary.ts";
import { imgix } from "../src/imgix.ts";
import { netlify } from "../src/netlify.ts";
import { next } from "../src/next.ts";
import type { LegacyService } from "../src/service.ts";

/*
 * URLs as the services' own pages write them, each with what it must become, written by hand. A line is `url | variant | exactness [| id]`:
 * `800.auto` and `640x480-medium.jpeg` are sizes, quality (if not high) and format, `p:card` a preset; E, A, U and R are exact, approximate,
 * unsupported and refused. `@ a.jpg` names the id of the lines after it, `^` begins their URLs.
 */
const CONFIG: Config = defineConfig({
  sources: [{ prefix: "", url: "https://cdn.example.com/originals/{id}" }],
  presets: { card: "w=640&h=480&f=auto", thumb: "w=160&h=160&f=webp" },
});

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

const SERVICES: [string, LegacyService, number][] = [
  ["cloudinary.txt", cloudinary(), 400],
  ["imgix.txt", imgix({ hosts: ["demos.imgix.net"] }), 400],
  ["cloudflare.txt", cloudflareImages({ account: "ZWd9g1K7eljCn_KDTu_MWA" }), 400],
  ["netlify.txt", netlify(), 400],
  ["next.txt", next(), 400],
];

describe.each(SERVICES)("the documented URLs in %s", (name, service, least) => {
  const rows = readRows(name);

  it("are many, and each is there once", () => {
    expect(rows.length).toBeGreaterThanOrEqual(least);
    expect(new Set(rows.map(({ url }) => url)).size).toBe(rows.length);
  });

  it("become the variants that were written by hand, and each is read", () => {
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
    const share = (letter: string): string =>
      `${((100 * rows.filter(({ exactness }) => exactness === letter).length) / rows.length).toFixed(0)} %`;
    console.log(
      `${name}: ${rows.length} URLs, exact ${share("E")}, approximate ${share("A")}, unsupported ${share("U")}, refused ${share("R")}`,
    );
    expect(wrong).toEqual([]);
  });
});
