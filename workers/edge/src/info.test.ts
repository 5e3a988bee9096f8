import { sign } from "@prewarm/shared/signature";
import { describe, expect, it } from "vitest";
import { type Options, setup } from "./testing/setup.ts";

const LQIP = "data:image/webp;base64,AAAA";

function world(options: Options = {}) {
  const made = setup(options);
  made.know("a b/photo.jpg", { lqip: LQIP, stored: { webp: [320], avif: [320, 640] }, etag: '"secret"' });
  return made;
}
const PATH = "/info/a%20b/photo.jpg";
const signed = async (options: Options, exp = 2_000_000_000) => {
  const made = world({ keys: ["key"], ...options });
  return made.get(`${PATH}?exp=${exp}&s=${await sign(PATH, `exp=${exp}`, "key", made.config)}`);
};

describe("GET /info/<id>", () => {
  it("tells what is known, to scripts as well, for a minute", async () => {
    const response = await world().get(PATH);
    expect(response.headers.get("Cache-Control")).toBe("public, max-age=60");
    expect(response.headers.get("Access-Control-Allow-Origin")).toBe("*");
    expect(response.headers.get("Content-Type")).toBe("application/json");
    expect(await response.json()).toEqual({
      id: "a b/photo.jpg",
      width: 2400,
      height: 1600,
      type: "image/jpeg",
      bytes: 350_000,
      frames: 1,
      lqip: LQIP,
      widths: [320, 640],
      version: null,
    });
  });

  it("is 404 while nothing is known, and orders nothing", async () => {
    const made = world();
    const response = await made.get("/info/other.jpg");
    expect([response.status, response.headers.get("Cache-Control")]).toEqual([404, "no-store"]);
    made.images.store("info/broken/_", "{}");
    expect((await made.get("/info/broken")).status).toBe(404);
    expect(made.sent).toEqual([]);
  });

  it("has no body for HEAD", async () => {
    const response = await world().ask("HEAD", PATH);
    expect([response.status, response.body]).toEqual([200, null]);
  });

  it.each([
    ["/info/", 400, "id_invalid"],
    ["/info/a//b", 400, "id_invalid"],
    [`${PATH}?w=3`, 400, "parameter_unknown"],
    [`${PATH}?s=a&s=b`, 400, "parameter_repeated"],
    [`${PATH}?s=abc`, 403, "signature_required"],
    [`${PATH}?exp=1`, 403, "signature_required"],
  ])("%s is refused", async (path, status, code) => {
    const response = await world({ keys: ["key"] }).get(path);
    expect([response.status, await response.json()]).toEqual([status, expect.objectContaining({ code })]);
  });

  it("ignores noise", async () => {
    expect((await world().get(`${PATH}?utm_source=mail`)).status).toBe(200);
  });

  it.each(["hangs", "rejects", "throws"] as const)("is 503 when R2 %s", async (fault) => {
    const response = await world({ faults: { images: fault }, config: { limits: { edgeBudgetMs: 50 } } }).get(PATH);
    expect(response.status).toBe(503);
  });
});

const PRIVATE = { sources: [{ prefix: "", bucket: "ORIGINALS", key: "{id}" }] };

describe.each<[string, Options]>([
  ["where every URL is signed", { config: { access: "private" } }],
  ["of a private original", { config: PRIVATE }],
])("GET /info/<id> %s", (_, options) => {
  it("needs a signature, and is kept by nobody in between", async () => {
    const refused = await world({ keys: ["key"], ...options }).get(PATH);
    expect([refused.status, await refused.text()]).toEqual([403, expect.not.stringContaining("2400")]);
    const response = await signed(options);
    expect([response.status, response.headers.get("Cache-Control")]).toEqual([200, "private, max-age=60"]);
    expect((await signed(options, 1)).status).toBe(403);
  });

  it("refuses what is known and what is not alike", async () => {
    const made = world({ keys: ["key"], ...options });
    const [known, unknown] = [await made.get(PATH), await made.get("/info/unknown")];
    expect([unknown.status, await unknown.text()]).toEqual([known.status, await known.text()]);
  });
});

it("a private original's info is never told where nothing can be signed", async () => {
  expect((await world({ config: PRIVATE }).get(PATH)).status).toBe(403);
});
