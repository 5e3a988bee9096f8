import { describe, expect, it } from "vitest";
import { cachingOf, saysCaching } from "./caching.ts";

const KEPT = "max-age=60";

function judged(headers: Record<string, string>, status = 200, asked: Record<string, string> = {}) {
  return cachingOf({ status, headers: new Headers(headers) }, new Headers(asked));
}

describe("the field that counts", () => {
  it("is Cloudflare's own, before the CDN's, before the one for everybody", () => {
    const fields = { "Cache-Control": "max-age=1", "CDN-Cache-Control": "max-age=2" };
    expect(judged({ ...fields, "Cloudflare-CDN-Cache-Control": "max-age=3" })).toMatchObject({ seconds: 3 });
    expect(judged(fields)).toMatchObject({ seconds: 2 });
    expect(judged({ "Cache-Control": "max-age=1" })).toMatchObject({ seconds: 1 });
  });

  it("speaks alone, and an empty one does not speak", () => {
    const ours = { "Cloudflare-CDN-Cache-Control": KEPT };
    expect(judged({ "Cache-Control": "private, no-store", ...ours })).toMatchObject({ seconds: 60 });
    expect(judged({ "Cache-Control": "private", "CDN-Cache-Control": " " })).toBe("no-store or private");
  });

  it("is missed where an answer has none of them", () => {
    expect(saysCaching(new Headers({ Expires: "0" }))).toBe(false);
    expect(saysCaching(new Headers({ "CDN-Cache-Control": "no-store" }))).toBe(true);
  });
});

describe("an answer is kept", () => {
  it.each([
    ["max-age", "public, max-age=10", 10],
    ["s-maxage before it", "max-age=10, s-maxage=20", 20],
    ["the first of two", "max-age=10, max-age=20", 10],
    ["in quotes, and in capitals", 'MAX-AGE="10"', 10],
    ["no time at all where the value is no number", "max-age=soon", 0],
    ["no time at all by no-cache", "no-cache, max-age=10", 0],
  ])("for its %s", (_rule, field, seconds) => {
    expect(judged({ "Cache-Control": field })).toMatchObject({ seconds });
  });

  it.each([
    [200, 7_200],
    [302, 1_200],
    [404, 180],
  ])("where no field says anything, by its status: %i for %i s", (status, seconds) => {
    expect(judged({}, status)).toMatchObject({ seconds });
    expect(judged({ "Cache-Control": "public" }, status)).toMatchObject({ seconds });
  });

  it.each([
    ["no-store", "no-store, max-age=60", 200, {}],
    ["private", "private, max-age=60", 200, {}],
    ["a part", KEPT, 206, {}],
    ["a confirmation", KEPT, 304, {}],
    ["an error that says nothing", "", 500, {}],
    ["one that sets a cookie", KEPT, 200, { "Set-Cookie": "a=b" }],
    ["one that varies by all", KEPT, 200, { Vary: "*" }],
  ])("never: %s", (_rule, field, status, more: Record<string, string>) => {
    expect(judged({ "Cache-Control": field, ...more }, status)).toEqual(expect.any(String));
  });

  it("of an authorized request only if it says so", () => {
    const asked = { Authorization: "Bearer x" };
    expect(judged({ "Cache-Control": KEPT }, 200, asked)).toBe("the request was authorized");
    expect(judged({ "Cache-Control": `public, ${KEPT}` }, 200, asked)).toMatchObject({ seconds: 60 });
  });
});

describe("a stale answer", () => {
  it.each([
    ["nothing limits it", KEPT, { whileRevalidate: 0, ifError: Number.POSITIVE_INFINITY }],
    ["it limits itself", `${KEPT}, stale-while-revalidate=5, stale-if-error=0`, { whileRevalidate: 5, ifError: 0 }],
    ["it must be asked for again", `${KEPT}, must-revalidate, stale-if-error=9`, { whileRevalidate: 0, ifError: 0 }],
    ["s-maxage says so too", "s-maxage=60", { whileRevalidate: 0, ifError: 0 }],
  ])("is served so long: %s", (_rule, field, times) => {
    expect(judged({ "Cache-Control": field })).toMatchObject(times);
  });
});
