import { LINEAR_MAX } from "@prewarm/shared/testing/slowness";
import fc from "fast-check";
import { expect, it } from "vitest";
import { createApiWorld } from "../../workers/consumer/src/api/testing/api-world.ts";
import { BYTES, setup } from "../../workers/edge/src/testing/setup.ts";
import { recipes, textOf } from "./fuzz.ts";

/** A header's longest; the platform cuts what is beyond 128 kB in all, and proxies far sooner. */
const CHARS = 8192;
/** What a header of the full length is compared with: a quarter of it. */
const FEW_CHARS = CHARS / 4;
const SHAPES = 200;
const PIECES =
  'bytes=|bytes|-|0|9|,| |\t|"|W/|"a"|*|/|;|q=0.5|image/avif|image/|Mon, |Sun, 01 Nov 2026|(|)|=|&|.|:|::|1.2.3.4|prewarm|__Host-prewarm_session=|Bearer |Bearer|eyJ|a.b.c|%|%41|x|é'.split(
    "|",
  );
const EDGE = [
  ...["Range", "If-Range", "If-None-Match", "If-Modified-Since", "Accept", "Save-Data", "Via", "Origin"],
  ...["Sec-Fetch-Mode", "CF-Connecting-IP", "Cookie", "User-Agent", "X-Anything"],
];
const CONTROL = [
  ...["Authorization", "Cookie", "Cf-Access-Jwt-Assertion", "Sec-Fetch-Site", "CF-Connecting-IP", "Content-Type"],
  ...["Content-Length", "webhook-id", "webhook-timestamp", "webhook-signature", "Idempotency-Key", "Accept"],
];

/** A header of a given length. */
type Shape = (chars: number) => string;

/** What was drawn, repeated to the length; and its start in a long blank. */
function shapes(seed: number): Shape[] {
  const drawn = fc.sample(recipes(PIECES), { numRuns: SHAPES, seed });
  // Headers hold Latin-1 only.
  const texts = drawn.map((recipe) => textOf(recipe, CHARS)).filter((text) => text.trim() !== "");
  const repeated = texts.map(
    (text): Shape =>
      (chars) =>
        text.repeat(Math.ceil(chars / text.length)).slice(0, chars),
  );
  const padded = texts.map(
    (text): Shape =>
      (chars) =>
        `${text.slice(0, 100).padEnd(chars - 1)}x`,
  );
  return [...repeated, ...padded];
}

type Ask = (header: string) => Promise<unknown>;

/**
 * How many times as long the full length takes as a quarter of it. The shortest of several tries counts, because another process' turn can only
 * make a try longer; tries end as soon as the growth is linear.
 */
async function growthOf(shape: Shape, ask: Ask): Promise<number> {
  const texts = [shape(FEW_CHARS), shape(CHARS)];
  const least = texts.map(() => Number.POSITIVE_INFINITY);
  let growth = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < 30 && growth >= LINEAR_MAX; tries += 1) {
    for (const [index, text] of texts.entries()) {
      const since = performance.now();
      await ask(text);
      least[index] = Math.min(least[index] ?? 0, performance.now() - since);
    }
    growth = (least[1] ?? 0) / (least[0] ?? 0);
  }
  return growth;
}

/** The first header that takes longer than in proportion to its length, or null. */
async function slowOne(
  names: readonly string[],
  ask: (headers: Record<string, string>, n: number) => Promise<Response>,
) {
  for (const [seed, name] of names.entries())
    for (const [n, shape] of shapes(seed).entries()) {
      const growth = await growthOf(shape, async (text) => {
        const answer = await ask({ [name]: text }, n);
        expect(answer.status).toBeLessThan(500);
        await answer.arrayBuffer();
      });
      if (growth >= LINEAR_MAX) return `${name}: ${shape(40)} grows ${growth.toFixed(1)} times`;
    }
  return null;
}

it("the edge judges a header of 8 kB of any shape in time in proportion to its length, for a stored variant, a miss and an original", async () => {
  const world = setup({ allowed: () => true });
  world.images.store("variants/photo/800-high.webp", BYTES);
  const paths = ["/images/photo?w=800", "/images/other?w=800&f=auto", "/originals/photo?exp=1&s=x", "/info/photo"];
  const slow = await slowOne(EDGE, async (headers, n) => {
    const answer = await world.get(paths[n % paths.length] ?? "", headers);
    await world.settle();
    return answer;
  });
  expect(slow).toBeNull();
});

it("the consumer judges a header of 8 kB of any shape in time in proportion to its length, for a call, a sign-in and a hook", async () => {
  const access = { aud: "app-1", team: "https://example.cloudflareaccess.com", operators: [] };
  const world = createApiWorld({}, { access, fetch: async () => Response.json({ keys: [] }) });
  const calls = [
    ["GET", "/api/v1/gate"],
    ["POST", "/api/v1/session"],
    ["POST", "/hooks/uploads"],
  ] as const;
  const slow = await slowOne(CONTROL, async (headers, n) => {
    const [method, path] = calls[n % calls.length] ?? calls[0];
    return world.call(method, path, { token: null, headers, ...(method === "POST" ? { body: {} } : {}) });
  });
  expect(slow).toBeNull();
});
