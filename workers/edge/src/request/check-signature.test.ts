import { sign } from "@prewarm/shared/signature";
import { describe, expect, it } from "vitest";
import { BYTES, NOW, type Options, setup, type World } from "../testing/setup.ts";

const KEYS = ["new-key", "old-key"];
const NOW_SECONDS = NOW / 1000;

async function signed(world: World, query: string, key = "new-key", path = "/images/photo"): Promise<string> {
  return `${path}?${query}&s=${await sign(path, query, key, world.config)}`;
}

function world(access: "open" | "signed" | "private", options: Options = {}): World {
  return setup({ keys: KEYS, ...options, config: { access, ...options.config } });
}

describe("what needs a signature", () => {
  it.each([
    ["open", "w=800", false, 302, "closed"],
    ["open", "p=card", false, 302, "a preset"],
    ["open", "w=300&h=210", false, 403, "a free pair"],
    ["open", "w=300&h=210", true, 302, "a free pair, signed"],
    ["open", "h=200", true, 302, "a height, signed"],
    ["private", "w=800", false, 403, "everything"],
    ["private", "w=800", true, 302, "everything, signed"],
    ["signed", "w=800", false, 302, "the next width of pages"],
    ["signed", "p=card", false, 302, "a preset"],
    ["signed", "w=16&q=very_low&f=webp", false, 302, "the placeholder"],
    ["signed", "w=800&h=600", false, 403, "a shape that pages lack"],
    ["signed", "w=800&h=600", true, 302, "the same, signed"],
    ["signed", "w=800&q=medium", false, 403, "a quality that pages lack"],
  ] as const)("access %s: %s signed=%s is %i (%s)", async (mode, query, withSignature, status, _why) => {
    const here = world(mode);
    const path = withSignature ? await signed(here, query) : `/images/photo?${query}`;
    expect((await here.get(path)).status).toBe(status);
  });

  it.each([
    ["open", "v=3&w=800", false, 302],
    ["signed", "v=3&w=800", false, 403],
    ["signed", "v=3&w=800", true, 302],
    ["signed", "w=800", false, 302],
  ] as const)("access %s: %s signed=%s is %i", async (access, query, withSignature, status) => {
    const here = world(access);
    const path = withSignature ? await signed(here, query) : `/images/photo?${query}`;
    expect((await here.get(path)).status).toBe(status);
    await here.settle();
    expect(here.sent.map(({ signed: said }) => said ?? false)).toEqual(status === 302 ? [withSignature] : []);
  });

  it("is opened by every live key", async () => {
    const here = world("open");
    for (const key of KEYS) expect((await here.get(await signed(here, "w=300&h=210", key))).status).toBe(302);
  });

  it("is asked of originals that are passed through, too", async () => {
    expect((await world("private").get("/images/logo.svg")).status).toBe(403);
  });

  it("is refused when there is no key: an unset secret opens nothing", async () => {
    expect((await setup({ config: { access: "private" } }).get("/images/photo?w=800")).status).toBe(403);
  });
});

describe("refusals", () => {
  it("look alike, so that nobody can feel their way to a signature", async () => {
    const here = world("open");
    const good = await signed(here, "w=300&h=210");
    const bodies = await Promise.all(
      [
        "/images/photo?w=300&h=210",
        `${good}x`,
        good.replace("w=300", "w=301"),
        good.replace("/photo", "/other"),
        await signed(here, "w=300&h=210", "unknown-key"),
        await signed(here, `w=300&h=210&exp=${NOW_SECONDS}`),
        "/images/photo?w=300&h=210&s=",
      ].map(async (path) => {
        const response = await here.get(path);
        return [response.status, await response.text(), response.headers.get("Cache-Control")].join();
      }),
    );
    expect(new Set(bodies).size).toBe(1);
    expect(bodies[0]).toMatch(/^403,.*signature_required.*no-store$/);
  });

  it("of a crop name both ways out and the ratios that are open", async () => {
    const response = await world("open").get("/images/photo?w=300&h=210");
    expect(await response.json()).toMatchObject({
      code: "signature_required",
      detail: expect.stringMatching(/presets, or pages.*or sign the URL/),
      ratios: ["1:1", "4:3", "3:2", "16:9", "1.91:1"],
    });
  });

  it("come for a wrong signature even where none is needed, else an expiry would be worth nothing", async () => {
    const here = world("open");
    expect((await here.get("/images/photo?w=800&s=AAAA")).status).toBe(403);
    expect((await here.get(`/images/photo?w=800&exp=${NOW_SECONDS + 60}`)).status).toBe(403);
    expect((await here.get(await signed(here, `w=800&exp=${NOW_SECONDS}`))).status).toBe(403);
    expect((await here.get(await signed(here, `w=800&exp=${NOW_SECONDS + 60}`))).status).toBe(302);
  });

  it("happen before anything is read", async () => {
    const here = world("private");
    await here.get("/images/photo?w=800");
    expect([here.images.reads, here.sent]).toEqual([[], []]);
  });
});

describe("what is signed", () => {
  it.each([
    ["h=210&w=300", "another order"],
    ["w=300&h=210&utm_source=mail&fbclid=1", "with noise"],
  ])("is what was asked, so %s verifies (%s)", async (query) => {
    const here = world("open");
    const signature = await sign("/images/photo", "w=300&h=210", "new-key", here.config);
    expect((await here.get(`/images/photo?${query}&s=${signature}`)).status).toBe(302);
  });
});

describe("expiry", () => {
  it("trims the life of what clients keep, from R2 and from the cache", async () => {
    const here = world("open");
    here.images.store("variants/photo/800-high.webp", BYTES);
    const path = await signed(here, `w=800&exp=${NOW_SECONDS + 600}`);
    const first = await here.get(path);
    await here.settle();
    here.advance(100_000);
    const second = await here.get(path);
    expect(first.headers.get("Cache-Control")).toBe("public, max-age=600, immutable");
    expect(second.headers.get("Cache-Status")).toBe("edge; hit");
    expect(second.headers.get("Cache-Control")).toBe("public, max-age=500, immutable");
  });

  it("trims a passed-through redirect", async () => {
    const here = world("open");
    const path = await signed(here, `exp=${NOW_SECONDS + 60}`, "new-key", "/images/logo.svg");
    expect((await here.get(path)).headers.get("Cache-Control")).toBe("public, max-age=60");
  });

  it("is not in the key: signed and plain URLs share one variant", async () => {
    const here = world("open");
    await here.get(await signed(here, `w=800&exp=${NOW_SECONDS + 60}`));
    await here.get("/images/photo?w=800");
    expect(here.sent.map((message) => message.keys)).toEqual([["photo/800-high.webp"]]);
  });
});
