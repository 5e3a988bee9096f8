import { describe, expect, it } from "vitest";
import { cachingFault } from "./caching-fault.ts";

const NOW = 1_800_000_000;
const YEAR = "public, max-age=31536000, immutable";
const VARIANT = { "Content-Type": "image/webp", ETag: '"a"', "Cache-Status": "edge; fwd=uri-miss, store; hit" };
function fault(headers: Record<string, string>, status = 200, path = "/images/a?w=320", method = "GET") {
  return cachingFault({ method, url: `https://e.example${path}` }, { status, headers: new Headers(headers) }, NOW);
}

describe("of the edge's answers", () => {
  it.each([
    ["a variant", { ...VARIANT, "Cache-Control": YEAR }, 200],
    [
      "the nearest variant of an old URL",
      { ...VARIANT, "Cache-Status": "edge; hit, old; detail=approximate", "Cache-Control": YEAR },
      200,
    ],
    ["a part of a variant", { ...VARIANT, "Cache-Control": YEAR }, 206],
    ["a redirect that nobody keeps", { "Cache-Control": "private, no-store" }, 302],
    ["an error that nobody keeps", { "Cache-Control": "no-store" }, 404],
    ["what is known of an image, for a minute", { "Cache-Control": "public, max-age=60" }, 200],
  ])("nothing is wrong with %s", (_what, headers, status) => expect(fault(headers, status)).toBeNull());

  it("one to a request line that is no URL is judged too", () => {
    const answer = { status: 404, headers: new Headers() };
    expect(cachingFault({ method: "GET", url: "//" }, answer, NOW)).toContain("without Cache-Control");
  });

  it("none is without Cache-Control", () => {
    for (const status of [200, 302, 404, 500]) expect(fault(VARIANT, status)).toContain("without Cache-Control");
    expect(fault({ ...VARIANT, "Cache-Control": "public" })).toContain("without Cache-Control");
    expect(fault({}, 405, "/images/a", "POST")).toBeNull();
  });

  it.each([
    ["a stand-in", { ...VARIANT, "Cache-Status": "edge; fwd=uri-miss, store; fwd=uri-miss; detail=stand-in" }, 200],
    ["an error", VARIANT, 404],
    ["a redirect", {}, 302],
    ["a page", { ...VARIANT, "Content-Type": "text/html" }, 200],
  ])("none is kept but a variant: %s", (_what, headers, status) => {
    expect(fault({ ...headers, "Cache-Control": "public, max-age=61" }, status)).toContain("no variant");
  });

  it("none is kept for longer than its signature holds", () => {
    const path = `/images/a?w=320&exp=${NOW + 90}&s=x`;
    const kept = (seconds: number) => fault({ ...VARIANT, "Cache-Control": `public, max-age=${seconds}` }, 200, path);
    expect([kept(90), kept(91)]).toEqual([null, expect.stringContaining("signature")]);
  });
});
