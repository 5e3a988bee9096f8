import fc from "fast-check";
import { expect, it } from "vitest";
import { createApiWorld } from "../../workers/consumer/src/api/testing/api-world.ts";
import { BYTES, setup } from "../../workers/edge/src/testing/setup.ts";
import { recipes, textOf } from "./fuzz.ts";

/** A header's longest; the platform cuts what is beyond 128 kB in all, and proxies far sooner. */
const CHARS = 8192;
const MOST_MS = 5;
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

/** Shapes of the full length: whatever was drawn is repeated until it is that long. */
function shapes(seed: number): string[] {
  const drawn = fc.sample(recipes(PIECES), { numRuns: SHAPES, seed });
  // Headers hold Latin-1 only.
  const texts = drawn.map((recipe) => textOf(recipe, CHARS)).filter((text) => text.trim() !== "");
  return texts.flatMap((text) => [
    text.repeat(Math.ceil(CHARS / text.length)).slice(0, CHARS),
    `${text.slice(0, 100).padEnd(CHARS - 1)}x`,
  ]);
}

/** The least of some tries, in ms, where the first is news: another process' turn is no part of it. */
async function leastMs(act: () => Promise<unknown>, slowest: number): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < 30 && least > slowest; tries += 1) {
    const since = performance.now();
    await act();
    least = Math.min(least, performance.now() - since);
  }
  return least;
}

async function slowestOf(names: readonly string[], ask: (headers: Record<string, string>) => Promise<Response>) {
  let [slowest, count] = [{ ms: 0, of: "" }, 0];
  for (const [n, name] of names.entries())
    for (const text of shapes(n)) {
      count += 1;
      const ms = await leastMs(async () => {
        const answer = await ask({ [name]: text });
        expect(answer.status).toBeLessThan(500);
        await answer.arrayBuffer();
      }, slowest.ms);
      if (ms > slowest.ms) slowest = { ms, of: `${name}: ${text.slice(0, 40)}` };
    }
  console.info(`headers of 8 kB: ${count}, the slowest ${slowest.ms.toFixed(2)} ms (${slowest.of})`);
  return slowest;
}

it("the edge judges a header of 8 kB of any shape within 5 ms, for a stored variant, a miss and an original", async () => {
  const world = setup({ allowed: () => true });
  world.images.store("variants/photo/800-high.webp", BYTES);
  let n = 0;
  const paths = ["/images/photo?w=800", "/images/other?w=800&f=auto", "/originals/photo?exp=1&s=x", "/info/photo"];
  const slowest = await slowestOf(EDGE, async (headers) => {
    n += 1;
    const answer = await world.get(paths[n % paths.length] ?? "", headers);
    await world.settle();
    return answer;
  });
  expect(slowest.ms, slowest.of).toBeLessThan(MOST_MS);
});

it("the consumer judges a header of 8 kB of any shape within 5 ms, for a call, a sign-in and a hook", async () => {
  const access = { aud: "app-1", team: "https://example.cloudflareaccess.com", operators: [] };
  const world = createApiWorld({}, { access, fetch: async () => Response.json({ keys: [] }) });
  let n = 0;
  const calls = [
    ["GET", "/api/v1/gate"],
    ["POST", "/api/v1/session"],
    ["POST", "/hooks/uploads"],
  ] as const;
  const slowest = await slowestOf(CONTROL, async (headers) => {
    n += 1;
    const [method, path] = calls[n % calls.length] ?? calls[0];
    return world.call(method, path, { token: null, headers, ...(method === "POST" ? { body: {} } : {}) });
  });
  expect(slowest.ms, slowest.of).toBeLessThan(MOST_MS);
});
