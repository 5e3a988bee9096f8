import { madeFormats } from "@prewarm/shared/accept";
import { type Config, defineConfig, FORMATS, QUALITIES } from "@prewarm/shared/config";
import { AppError } from "@prewarm/shared/errors";
import { formatId } from "@prewarm/shared/image-id";
import { sign } from "@prewarm/shared/signature";
import { variantKey } from "@prewarm/shared/variant-key";
import fc from "fast-check";
import { expect, it } from "vitest";
import { checkSignature, needsSignature } from "../../../workers/edge/src/request/check-signature.ts";
import { readTarget } from "../../../workers/edge/src/request/target.ts";
import type { Edge } from "../../../workers/edge/src/request-context.ts";
import { readAsked } from "./asked.ts";

/* The command reads a URL as the edge does: what is refused, what passes through, and which variants a browser may get. */

const KEY = "a key";
const NOW = 1_800_000_000;
const sources = [
  { prefix: "", url: "https://o.example/{id}" },
  { prefix: "hidden/", bucket: "B", key: "{id}", viewers: "placeholder", maxUnsignedPx: 640 },
] as const;
const configs = (["open", "signed", "private"] as const).map((access) =>
  defineConfig({ sources, access, presets: { card: "w=400&h=300&f=auto" }, pages: { make: ["avif", "webp"] } }),
);

/** In one of `n` URLs. */
const rarely = <T>(n: number, value: fc.Arbitrary<T>) =>
  fc.oneof({ weight: n - 1, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });
const word = <T>(values: readonly T[], more: readonly string[] = []) =>
  fc.option(fc.constantFrom<unknown>(...values, ...more), { nil: undefined, freq: 2 });
const query = fc.record({
  w: word([...defineConfig({ sources }).ladder, 700, 0], ["x"]),
  h: word([300, 480, 640, 5]),
  f: word([...FORMATS, "auto"], ["gif"]),
  q: word(QUALITIES, ["best"]),
  p: rarely(6, fc.constantFrom("card", "none")),
  v: word(["1"]),
  utm_source: word(["mail"]),
  other: rarely(9, fc.constant("1")),
});
const id = fc.constantFrom("a.jpg", "hidden/b.jpg", "logo.svg", "x/y z.jpg");
const signing = fc.constantFrom("none", "right", "image", "wrong", "expired");

async function signedQuery(path: string, parameters: URLSearchParams, how: string, config: Config): Promise<string> {
  if (how === "none") return parameters.toString();
  if (how === "expired") parameters.set("exp", String(NOW - 1));
  if (how === "image") parameters.set("sc", "image");
  const s = await sign(path, parameters, how === "wrong" ? "another" : KEY, config);
  parameters.set("s", s);
  return parameters.toString();
}

/** What the edge makes of the URL for browsers of the formats that uploads make. */
async function edgeSays(url: URL, config: Config): Promise<string> {
  const edge = { config, keys: [KEY], clock: { now: () => NOW * 1000, random: () => 0 } } as unknown as Edge;
  try {
    const keys = new Set<string>();
    for (const format of madeFormats(config)) {
      const target = readTarget(url, url.searchParams, new Headers({ accept: `image/${format}` }), config);
      if (needsSignature(target, url.searchParams, edge)) await checkSignature(target, url.searchParams, edge);
      if (target.passThrough) return "passed";
      keys.add(target.key);
    }
    return [...keys].toSorted().join();
  } catch (error) {
    if (error instanceof AppError) return "refused";
    throw error;
  }
}

it("refuses, passes through and names variants as the edge does", async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(query, id, signing, fc.constantFrom(...configs), async (asked, name, how, config) => {
      const given = Object.entries(asked).flatMap(([key, value]) =>
        value === undefined ? [] : [[key, String(value)]],
      );
      const path = `/images/${formatId(name)}`;
      const text = await signedQuery(path, new URLSearchParams(given), how, config);
      const read = await readAsked(`${formatId(name)}?${text}`, { config, keys: [KEY], nowSeconds: NOW });
      const said =
        read.kind === "variants"
          ? read.transforms
              .map((one) => variantKey(read.id, one, read.version))
              .toSorted()
              .join()
          : read.kind;
      seen.add(read.kind);
      expect(said).toBe(await edgeSays(new URL(`https://e.example${path}?${text}`), config));
    }),
    { numRuns: 500 },
  );
  expect([...seen].toSorted()).toEqual(["passed", "refused", "variants"]);
});
