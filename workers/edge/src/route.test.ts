import { describe, expect, it } from "vitest";
import { BYTES, detailOf, setup, type World } from "./testing/setup.ts";

// What the test suites of image optimizers ask of each other (next/image, ipx, imgproxy and their kin), asked of this edge.
const MISS = 302;
const CHROME = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8";
const FIREFOX_92 = "image/webp,*/*";
const FIREFOX_131 = "image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5";
const SAFARI_13 = "image/png,image/svg+xml,image/*;q=0.8,video/*;q=0.8,*/*;q=0.5";
const SAFARI_16 =
  "image/webp,image/avif,image/jxl,image/heic,image/heic-sequence,video/*;q=0.8,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5";

async function keySent(world: World, path: string, accept?: string): Promise<string | undefined> {
  await world.get(path, accept === undefined ? {} : { Accept: accept });
  return world.sent.at(-1)?.keys[0];
}

describe("a path of another service", () => {
  it.each([
    ["/wp-content/uploads/2024/05/a-300x200.jpg", "/wp-content"],
    ["/_ipx/w_300/a.jpg", "/_ipx"],
    ["/_next/image?url=%2Fa.jpg&w=640&q=75", "/_next/image"],
    ["/.netlify/images?url=/a.jpg&w=50", "/.netlify/images"],
    ["/demo/image/upload/w_300/a.jpg", "/image/upload"],
    ["/cdn-cgi/image/w=300/a.jpg", "/cdn-cgi/image"],
    ["/cdn/shop/files/a.jpg?width=300", "/cdn/shop"],
    ["/tr:w-300/a.jpg", "/tr:"],
  ])("is a 404 that names the setting: %s", async (path, part) => {
    const response = await setup().get(path);
    const detail = `"${part}" is of another service: see legacy in docs/moving-from.md.`;
    expect(await response.json()).toMatchObject({ status: 404, code: "not_found", detail });
  });
});

describe("asking wrongly", () => {
  it.each([
    ["/images/", 400, "id_invalid", "no id"],
    ["/images", 404, "not_found", "not the route at all"],
    ["/images/a//b", 400, "id_invalid", "an empty segment"],
    ["/images/a/", 400, "id_invalid", "a slash at the end"],
    ["/images//a", 400, "id_invalid", "a slash at the start, which would be another host's URL"],
    ["/images/a%2Fb", 400, "id_invalid", "an encoded slash"],
    ["/images/a%5Cb", 400, "id_invalid", "an encoded backslash"],
    ["/images/..%2F..%2Fetc%2Fpasswd", 400, "id_invalid", "an encoded way up"],
    ["/images/%2e%2e/nothing", 404, "not_found", "dots are resolved by every URL reader, and lead elsewhere"],
    ["/images/a%00b", 400, "id_invalid", "a zero byte"],
    ["/images/a%0d%0aSet-Cookie:x", 400, "id_invalid", "a header's end"],
    ["/images/%FF", 400, "id_invalid", "no UTF-8"],
    ["/images/100%", 400, "id_invalid", "a bare percent sign"],
    [`/images/${"a".repeat(701)}`, 400, "id_invalid", "longer than a key can hold"],
    ["/images/p?w=", 400, "parameter_invalid", "empty width"],
    ["/images/p?w=0", 400, "parameter_invalid", "no width"],
    ["/images/p?w=-1", 400, "parameter_invalid", "negative"],
    ["/images/p?w=0.0", 400, "parameter_invalid", "no width, with a point"],
    ["/images/p?w=1.", 400, "parameter_invalid", "a point and nothing"],
    ["/images/p?w=1e3", 400, "parameter_invalid", "scientific"],
    ["/images/p?w=0x10", 400, "parameter_invalid", "hexadecimal"],
    ["/images/p?w=%20800", 400, "parameter_invalid", "a blank in front"],
    ["/images/p?w=0800", 400, "parameter_invalid", "a zero in front, which only a mistake writes"],
    ["/images/p?w=8٠0", 400, "parameter_invalid", "a digit of another script"],
    ["/images/p?w=foo", 400, "parameter_invalid", "no number"],
    ["/images/p?w=800&w=400", 400, "parameter_repeated", "twice"],
    ["/images/p?w=800&w=800", 400, "parameter_repeated", "twice the same"],
    ["/images/p?w[]=800", 400, "parameter_unknown", "an array"],
    ["/images/p?q=0", 400, "parameter_invalid", "no quality"],
    ["/images/p?q=101", 400, "parameter_invalid", "more than all"],
    ["/images/p?q=best", 400, "parameter_invalid", "no level"],
    ["/images/p?f=bmp", 400, "parameter_invalid", "a format nobody wants"],
    ["/images/p?f=svg", 400, "parameter_invalid", "an active format"],
    ["/images/p?fit=cover&w=10", 400, "parameter_conflict", "fit with one side"],
    ["/images/p?fit=stretch&w=10&h=10", 400, "parameter_invalid", "an unknown fit"],
    ["/images/p?p=nope", 400, "preset_unknown", "an unknown preset"],
    ["/images/p?p=toString", 400, "preset_unknown", "a name that every object has"],
    ["/images/p?p=card&w=10", 400, "parameter_conflict", "a preset and more"],
    ["/images/p?__proto__=1", 400, "parameter_unknown", "a name that every object has"],
    ["/images/p?url=http%3A%2F%2Fevil.example", 400, "parameter_unknown", "a URL of another's"],
    ["/images/p?dpr=0&w=100", 400, "parameter_invalid", "a display without pixels"],
    ["/images/p?dpr=two&w=100", 400, "parameter_invalid", "a word for a number"],
    ["/images/p?v=a%20b", 400, "parameter_invalid", "a version with a blank"],
    ["/images/p?w=100&h=90", 403, "signature_required", "a free pair"],
    ["/images/p?w=800&h=600&fit=fill", 403, "signature_required", "a declared ratio that is no crop"],
    ["/images/p?w=800&h=600&q=low", 403, "signature_required", "a declared ratio of another quality"],
    ["/images/p?w=800&h=600&pos=top", 403, "signature_required", "a position that is not declared"],
    ["/images/p?w=800&pos=top", 400, "parameter_conflict", "a position without a pair"],
    ["/images/p?w=800&h=600&pos=middle", 400, "parameter_invalid", "an unknown position"],
    ["/images/p?w=800&h=600&fit=contain&pos=top", 400, "parameter_conflict", "a position without a crop"],
    ["/images/p?h=100", 403, "signature_required", "a free height"],
    ["/nothing", 404, "not_found", "no route"],
    ["/originals/p?exp=1&s=x", 404, "not_found", "an original that is not ours to serve"],
  ])("%s is %i %s (%s)", async (path, status, code) => {
    const world = setup();
    const response = await world.get(path);
    expect(response.status).toBe(status);
    expect(response.headers.get("Content-Type")).toBe("application/problem+json");
    expect(response.headers.get("Cache-Control")).toBe("no-store");
    expect(response.headers.get("Location")).toBeNull();
    expect(await response.json()).toMatchObject({ status, code });
    expect(world.sent).toEqual([]);
    expect(world.images.reads).toEqual([]);
  });

  it("names the parameter, what is allowed, and the nearest right spelling", async () => {
    const body = await (await setup().get("/images/p?f=wepb")).json();
    expect(body).toMatchObject({
      parameter: "f",
      nearest: "webp",
      allowed: expect.arrayContaining(["webp", "avif", "jpeg"]),
    });
  });
});

describe("asking in many ways for one thing", () => {
  it.each([
    ["/images/p?w=800", "p/800-high.webp", "defaults"],
    ["/images/p?f=webp&w=800&q=high", "p/800-high.webp", "another order"],
    ["/images/p?w=799", "p/800-high.webp", "snaps up"],
    ["/images/p?w=99999", "p/2048-high.webp", "clamped to the maximum"],
    ["/images/p?w=400&dpr=2", "p/800-high.webp", "twice as dense"],
    ["/images/p?w=799.5", "p/800-high.webp", "half a pixel"],
    ["/images/p?w=300&dpr=9", "p/960-high.webp", "a display nobody has"],
    ["/images/p?w=800&dpr=0.5", "p/800-high.webp", "a page that is zoomed out"],
    ["/images/p?w=800&ver=6.5&srsltid=x", "p/800-high.webp", "more noise"],
    ["/images/p?w=800&q=75", "p/800-high.webp", "a number for a level"],
    ["/images/p?w=800&utm_source=x&fbclid=y&_=1", "p/800-high.webp", "noise"],
    ["/images/p?w=800&f=jpg", "p/800-high.jpeg", "another name"],
    ["/images/p", "p/orig-high.webp", "nothing asked"],
    ["/images/p?p=thumb", "p/160x160-cover-high.webp", "a preset"],
    ["/images/p?w=160&h=160", "p/160x160-cover-high.webp", "what a preset says, written out"],
    ["/images/p?w=800&h=600", "p/800x600-cover-high.webp", "the crop everybody tries first"],
    ["/images/p?w=799&h=600", "p/800x600-cover-high.webp", "the same, a pixel off"],
    ["/images/p?w=400&h=300&dpr=2", "p/800x600-cover-high.webp", "the same, twice as dense"],
    ["/images/p?w=800&v=2", "p/@2/800-high.webp", "a version"],
    ["/images/blog/2026/a.jpg?w=800", "blog%2F2026%2Fa.jpg/800-high.webp", "a path"],
    ["/images/La%20Mar%C3%A9e.png?w=800", "La%20Mar%C3%A9e.png/800-high.webp", "blanks and accents, decoded once"],
    ["/images/100%2525?w=800", "100%2525/800-high.webp", "an encoded percent sign is not decoded twice"],
    ["/images/%E5%9B%BE.jpg?w=800", "%E5%9B%BE.jpg/800-high.webp", "another script"],
    ["/images/A?w=800", "A/800-high.webp", "case is kept"],
  ])("%s asks for %s (%s)", async (path, key) => {
    expect(await keySent(setup(), path)).toBe(key);
  });
});

describe("f=auto", () => {
  it.each([
    [CHROME, "avif", "a new Chrome"],
    [FIREFOX_131, "avif", "a new Firefox"],
    [FIREFOX_92, "webp", "an old Firefox"],
    [SAFARI_13, "jpeg", "a Safari before WebP"],
    [SAFARI_16, "avif", "a Safari that names everything"],
    ["*/*", "jpeg", "a wildcard proves nothing"],
    ["image/*", "jpeg", "nor does this one"],
    ["image/webp", "webp", "one type"],
    ["IMAGE/WEBP", "webp", "types know no case"],
    ["image/avif;q=0, image/webp", "webp", "refused"],
    ["image/avif;q=0.1, image/webp;q=0.9", "webp", "liked better"],
    ["text/html", "jpeg", "no picture at all"],
    ["", "jpeg", "empty"],
    [undefined, "jpeg", "absent"],
  ])("%s is %s (%s)", async (accept, format, _why) => {
    expect(await keySent(setup(), "/images/p?w=800&f=auto", accept)).toBe(`p/800-high.${format}`);
  });

  it.each([
    ["/images/p?w=800&f=auto", MISS, "the redirect"],
    ["/images/p?p=card", MISS, "a preset that negotiates"],
    ["/images/p?w=x&f=auto", 400, "a refusal"],
    ["/images/p?w=100&h=90&f=auto", 403, "a missing signature"],
  ])("%s (%i, %s) varies with Accept", async (path, status) => {
    const response = await setup().get(path, { Accept: CHROME });
    expect([response.status, response.headers.get("Vary")]).toEqual([status, "Accept"]);
  });

  it("varies when it is served, from R2 and from the cache, whole and not modified", async () => {
    const world = setup();
    world.images.store("variants/p/800-high.avif", BYTES);
    for (const headers of [{ Accept: CHROME }, { Accept: CHROME }, { Accept: CHROME, "If-None-Match": "*" }]) {
      const response = await world.get("/images/p?w=800&f=auto", headers);
      await world.settle();
      expect(response.headers.get("Vary")).toBe("Accept");
    }
  });

  it("does not vary when the format is named", async () => {
    expect((await setup().get("/images/p?w=800&f=webp", { Accept: CHROME })).headers.get("Vary")).toBeNull();
  });
});

describe("methods", () => {
  it.each(["POST", "PUT", "DELETE", "PATCH"])("%s is not allowed", async (method) => {
    const response = await setup().ask(method, "/images/p?w=800");
    expect([response.status, response.headers.get("Allow")]).toEqual([405, "GET, HEAD, OPTIONS"]);
  });

  it("answers a preflight", async () => {
    const response = await setup().ask("OPTIONS", "/images/p?w=800", {
      Origin: "https://a.example",
      "Access-Control-Request-Method": "GET",
    });
    expect(response.status).toBe(204);
    expect(response.headers.get("Access-Control-Allow-Methods")).toBe("GET, HEAD, OPTIONS");
    expect(response.headers.get("Access-Control-Allow-Headers")).toContain("Range");
  });

  it("answers HEAD like GET, without a body", async () => {
    const world = setup();
    world.images.store("variants/p/800-high.webp", BYTES);
    await world.get("/images/p?w=800");
    await world.settle();
    const [get, head] = [await world.get("/images/p?w=800"), await world.ask("HEAD", "/images/p?w=800")];
    expect(await head.text()).toBe("");
    expect(head.headers.get("Content-Length")).toBe(String(BYTES.length));
    for (const name of ["Content-Type", "ETag", "Cache-Control", "Cache-Status", "Last-Modified", "Accept-Ranges"]) {
      expect(head.headers.get(name)).toBe(get.headers.get(name));
    }
  });

  it("redirects HEAD of a miss, says that it was one, orders nothing, and does not keep the next GET from ordering", async () => {
    const world = setup();
    const head = await world.ask("HEAD", "/images/p?w=800");
    expect([head.status, detailOf(head)]).toEqual([MISS, "head"]);
    expect(world.sent).toEqual([]);
    expect(detailOf(await world.get("/images/p?w=800"))).toBe("enqueued");
    expect(detailOf(await world.ask("HEAD", "/images/p?w=800"))).toBe("pending");
  });

  it("refuses HEAD without a body, too", async () => {
    const response = await setup().ask("HEAD", "/images/p?w=x");
    expect([response.status, await response.text()]).toEqual([400, ""]);
  });

  it("says that it lives", async () => {
    const response = await setup().get("/healthz");
    expect([response.status, response.headers.get("Cache-Control")]).toEqual([200, "no-store"]);
  });
});

describe("every answer", () => {
  it.each([
    ["GET", "/images/stored?w=800", {}, 200],
    ["GET", "/images/stored?w=800", { Range: "bytes=1-2" }, 206],
    ["GET", "/images/stored?w=800", { Range: "bytes=99-" }, 416],
    ["GET", "/images/stored?w=800", { "If-None-Match": "*" }, 304],
    ["OPTIONS", "/images/stored?w=800", {}, 204],
    ["GET", "/images/p?w=800", {}, 302],
    ["GET", "/images/logo.svg", {}, 302],
    ["GET", "/images/p.heic?w=800", {}, 200],
    ["GET", "/images/p?w=x", {}, 400],
    ["GET", "/images/p?h=100", {}, 403],
    ["GET", "/nothing", {}, 404],
    ["POST", "/images/p", {}, 405],
  ])("%s %s %j (%i) is inert, readable across origins and explained", async (method, path, headers, status) => {
    const world = setup();
    world.images.store("variants/stored/800-high.webp", BYTES);
    const response = await world.ask(method, path, headers);
    expect(response.status).toBe(status);
    expect(response.headers.get("X-Content-Type-Options")).toBe("nosniff");
    expect(response.headers.get("Content-Security-Policy")).toBe("default-src 'none'; sandbox");
    expect(response.headers.get("Cross-Origin-Resource-Policy")).toBe("cross-origin");
    expect(response.headers.get("Access-Control-Allow-Origin")).toBe("*");
    if (method !== "OPTIONS") expect(response.headers.get("Cache-Status")).toMatch(/^edge; /);
    if (method !== "OPTIONS") expect(response.headers.get("Server-Timing")).toMatch(/;dur=\d/);
  });
});
