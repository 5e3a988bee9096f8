import { negotiate } from "@prewarm/shared/accept";
import { FORMATS } from "@prewarm/shared/config";
import { AppError } from "@prewarm/shared/errors";
import { isNoise } from "@prewarm/shared/noise";
import { stringToSign } from "@prewarm/shared/signature";
import { testConfig } from "@prewarm/shared/testing/arbitraries";
import { parseVariantKey } from "@prewarm/shared/variant-key";
import fc from "fast-check";
import { expect, it } from "vitest";
import { decide } from "../../workers/edge/src/hit/conditional.ts";
import { readTarget } from "../../workers/edge/src/request/target.ts";
import { corpusOf, fuzz, prefixes, type Recipe, recipes, textOf } from "./fuzz.ts";

interface UrlInput {
  path: Recipe;
  query: Recipe;
}

const PATHS = "a|photo.jpg|/|//|.|..|%2F|%2f|%|%25|%E0%A4|%ff|%00|%5C|é|日|🖼|\u202e| |+|;|:|@|private/|x".split("|");
const QUERIES = (
  "w=800|&|w=|h=600|w=0|w=-1|w=1e9|w=99999999999999999999|fit=cover|fit=x|q=high|q=|f=auto|f=webp|f=AUTO|dpr=2|dpr=1.1|dpr=NaN|p=card|p=thumb|" +
  "p=__proto__|v=1|v=x|sc=image|sc=x|exp=9|exp=99999999999999|s=a|utm_source=x|=|?|#|%|%00|%ED%A0%80|+|width=5|wdith=5|&&|;|w[]=1"
).split("|");

it("URL: a target with a key that reads back, or a refusal", () => {
  const made = fc.record({ path: recipes(PATHS), query: recipes(QUERIES) });
  const whole: UrlInput = { path: [["photo.jpg", 1]], query: [["w=800", 1]] };
  const begun = [
    ...prefixes("cats%2Ftom/%E0%A4%85%20b.jpg").map((path) => ({ ...whole, path })),
    ...prefixes("w=800&h=600&fit=cover&pos=top&q=high&f=auto&dpr=2&v=1&sc=image&exp=1900000000&s=a&utm_source=x").map(
      (query) => ({ ...whole, query }),
    ),
  ];
  fuzz("URL", { corpus: corpusOf<UrlInput>("url"), begun, made }, ({ path, query }) => {
    const address = `https://images.example.com/images/${textOf(path)}?${textOf(query)}`;
    if (!URL.canParse(address)) return;
    const url = new URL(address);
    if (!url.pathname.startsWith("/images/")) return;
    stringToSign(url.pathname, url.searchParams, testConfig.noise);
    try {
      const { key, id, version, transform } = readTarget(url, url.searchParams, new Headers(), testConfig);
      expect(parseVariantKey(key)).toEqual({ id, v: version, transform });
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const { parameter } = error.details as { parameter?: string };
      expect(parameter === undefined || !isNoise(parameter, testConfig.noise)).toBe(true);
    }
  });
});

const FACTS = { etag: '"abc,1"', lastModified: "Sun, 01 Nov 2026 12:00:00 GMT", size: 1000 };
const RANGES = [
  "bytes",
  "=",
  " ",
  "\t",
  "-",
  ",",
  "0",
  "9",
  "999",
  "1000",
  "bytes=0-",
  "x",
  "BYTES=",
  "0-1",
  "99999999999999999",
];
const TAGS = ['"abc,1"', "W/", '"', ",", " ", "*", "x", "\\", "Sun, 01 Nov 2026 12:00:00 GMT", "(", "1", "GMT", "+"];

it("Range and conditions: a part within the file, or a whole answer", () => {
  const made = fc.record({ range: recipes(RANGES), tags: recipes(TAGS), which: fc.nat(3) });
  const range: Recipe = [["bytes=0-499", 1]];
  const begun = [
    ...prefixes("bytes = 0-499, 990-").map((cut) => ({ range: cut, tags: [], which: 0 })),
    ...prefixes('"abc,1", W/"x"').flatMap((tags) => [1, 3].map((which) => ({ range, tags, which }))),
    ...prefixes(FACTS.lastModified).flatMap((tags) => [2, 3].map((which) => ({ range, tags, which }))),
  ];
  const corpus = corpusOf<{ range: Recipe; tags: Recipe; which: number }>("range");
  fuzz("Range", { corpus, begun, made }, ({ range, tags, which }) => {
    const headers = new Headers({ Range: textOf(range) });
    const name = [null, "If-None-Match", "If-Modified-Since", "If-Range"][which];
    if (name !== null && name !== undefined) headers.set(name, textOf(tags));
    const decision = decide(headers, "GET", FACTS);
    if (decision.kind !== "part") return;
    const { start, end } = decision;
    if (!(Number.isInteger(start) && Number.isInteger(end) && start >= 0 && end >= start && end < FACTS.size))
      throw new Error(`from ${start} to ${end} of ${FACTS.size}`);
  });
});

const ACCEPTS =
  "image/avif|image/webp|image/*|*/*|,|;|q=0|q=1|q=0.5|q=|q==|;q=1e9|q=-1| |\t|/|*|image/|IMAGE/WEBP|;level=1|x".split(
    "|",
  );

it("Accept: one of the formats", () => {
  const begun = prefixes("image/avif,image/webp;q=0.9,image/*;q=0.8,*/*;level=1;q=0.5");
  fuzz("Accept", { corpus: corpusOf<Recipe>("accept"), begun, made: recipes(ACCEPTS) }, (recipe) => {
    if (!negotiate(textOf(recipe), testConfig).every((format) => FORMATS.includes(format)))
      throw new Error("no format");
  });
});
