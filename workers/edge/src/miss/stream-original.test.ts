import { describe, expect, it } from "vitest";
import { detailOf, type Options, setup } from "../testing/setup.ts";

const CORS = {
  "Sec-Fetch-Mode": "cors",
  "Sec-Fetch-Site": "cross-site",
  "Sec-Fetch-Dest": "image",
  Accept: "image/webp,*/*",
  Cookie: "secret=1",
  Referer: "https://a.example/",
};
const JPEG = Uint8Array.from({ length: 3000 }, (_, n) => [0xff, 0xd8, 0xff, 0xe0][n] ?? n % 251);
const URL_OF_PHOTO = "https://cdn.example.com/originals/photo";

type Answer = (url: string) => Response;

function world(answer: Answer, options: Options = {}) {
  const asked: { url: string; headers: Headers; cache: RequestInit["cache"] }[] = [];
  const fetched = async (url: string, init: RequestInit) => {
    asked.push({ url, headers: new Headers(init.headers), cache: init.cache });
    return answer(url);
  };
  return { ...setup({ ...options, fetch: fetched }), asked };
}

/** A body in chunks, so that its type is told by its first and its size by its last. */
function chunks(bytes: Uint8Array, size = 700): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull: (controller) => {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at + size));
      at += size;
    },
  });
}

describe("a script's miss", () => {
  it("is answered with the original itself if its server does not allow CORS", async () => {
    const { get, asked, sent } = world(() => new Response(chunks(JPEG), { headers: { "content-type": "text/html" } }));
    const response = await get("/images/photo?w=800", CORS);
    expect([response.status, detailOf(response)]).toEqual([200, "enqueued"]);
    expect(response.headers.get("Content-Type")).toBe("image/jpeg");
    expect(response.headers.get("Access-Control-Allow-Origin")).toBe("*");
    expect(response.headers.get("Cache-Control")).toBe("private, no-store");
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(JPEG);
    expect(sent).toHaveLength(1);
    expect(asked.map(({ url }) => url)).toEqual([URL_OF_PHOTO]);
    expect([...(asked[0]?.headers.keys() ?? [])]).toEqual(["accept", "user-agent", "via"]);
  });

  it("is redirected if the server allows every page", async () => {
    const { get } = world(() => new Response(JPEG, { headers: { "access-control-allow-origin": "*" } }));
    expect((await get("/images/photo?w=800", CORS)).status).toBe(302);
  });

  it("gets the original if the server allows listed hosts only, because a redirect hides the host", async () => {
    const headers = { "access-control-allow-origin": "https://a.example" };
    const { get } = world(() => new Response(JPEG, { headers }));
    expect(new Uint8Array(await (await get("/images/photo?w=800", CORS)).arrayBuffer())).toEqual(JPEG);
  });

  it.each<[string, Answer]>([
    ["is too large by its own word", () => new Response(JPEG, { headers: { "content-length": "10000001" } })],
    ["fails", () => new Response("no", { status: 500 })],
    ["leads elsewhere", () => Response.redirect("https://b.example/x")],
    ["leads in circles", () => Response.redirect(URL_OF_PHOTO)],
    [
      "cannot be reached",
      () => {
        throw new TypeError("unreachable");
      },
    ],
  ])("gets the placeholder when the original %s", async (_, answer) => {
    const response = await world(answer).get("/images/photo?w=800", CORS);
    expect([response.status, response.headers.get("Content-Type")]).toEqual([200, "image/gif"]);
    // A service worker is shown the redirect, and asks again as its page did.
    const worker = await world(answer).get("/images/photo?w=800", { ...CORS, "Sec-Fetch-Dest": "empty" });
    expect(worker.status).toBe(302);
  });

  it("is limited a minute and network like misses of known images", async () => {
    const counted = new Map<string, number>();
    const allowed = (key: string) => {
      counted.set(key, (counted.get(key) ?? 0) + 1);
      return (counted.get(key) ?? 0) <= 3;
    };
    const { get, asked } = world(() => new Response(JPEG), { allowed, allowedUnknown: () => true });
    const from = (n: number) => ({ ...CORS, "CF-Connecting-IP": `2001:db8::${n}` });
    const answers = [];
    for (let n = 0; n < 6; n += 1) answers.push(await get(`/images/made-up-${n}?w=800`, from(n)));
    expect(asked).toHaveLength(3);
    expect(answers.map(({ headers }) => headers.get("Content-Type"))).toEqual([
      ...["image/jpeg", "image/jpeg", "image/jpeg"],
      ...["image/gif", "image/gif", "image/gif"],
    ]);
    // Messages are counted apart.
    expect([...counted.keys()]).toEqual(["stream 2001:db8:0:0"]);
  });

  it.each<[string, Options]>([
    ["without a limiter", {}],
    ["with one that fails", { faults: { limit: "rejects" } }],
  ])("is passed on %s", async (_, options) => {
    const { get, asked } = world(() => new Response(JPEG), options);
    await get("/images/photo?w=800", { ...CORS, "CF-Connecting-IP": "198.51.100.7" });
    expect(asked).toHaveLength(1);
  });

  it("is read again each time: no viewer gets the answer to another Accept, or a replaced original", async () => {
    const { get, asked } = world(() => new Response(JPEG));
    for (const accept of ["image/avif", "text/html", "*/*"])
      await get("/images/photo?w=800", { ...CORS, Accept: accept });
    expect(asked.map(({ headers, cache }) => [headers.get("Accept"), cache])).toEqual([
      ["image/avif", "no-store"],
      ["text/html", "no-store"],
      ["*/*", "no-store"],
    ]);
  });

  it("follows no redirect that leads elsewhere", async () => {
    const { get, asked } = world((url) =>
      url === URL_OF_PHOTO ? Response.redirect("https://b.example/x") : new Response(JPEG),
    );
    await get("/images/photo?w=800", CORS);
    expect(asked.map(({ url }) => url)).toEqual([URL_OF_PHOTO]);
  });

  it("follows a redirect on the original's own server", async () => {
    const { get, asked } = world((url) =>
      url === URL_OF_PHOTO
        ? new Response(null, { status: 301, headers: { location: "/v2/photo" } })
        : new Response(JPEG),
    );
    expect((await (await get("/images/photo?w=800", CORS)).arrayBuffer()).byteLength).toBe(JPEG.length);
    expect(asked.map(({ url }) => url)).toEqual([URL_OF_PHOTO, "https://cdn.example.com/v2/photo"]);
  });

  it("breaks off an original that is larger than its headers say", async () => {
    const config = { limits: { streamMaxBytes: 2000 } };
    const response = await world(() => new Response(chunks(JPEG)), { config }).get("/images/photo?w=800", CORS);
    await expect(response.arrayBuffer()).rejects.toThrow("larger");
  });

  it("is told that the original is missing", async () => {
    const response = await world(() => new Response("", { status: 404 })).get("/images/photo?w=800", CORS);
    expect([response.status, await response.json()]).toEqual([
      404,
      expect.objectContaining({ code: "original_missing" }),
    ]);
  });

  it("never gets bytes with a type that could run", async () => {
    const page = new TextEncoder().encode("<html><script>alert(1)</script>");
    const response = await world(() => new Response(page)).get("/images/photo?w=800", CORS);
    expect(response.headers.get("Content-Type")).toBe("application/octet-stream");
    expect(response.headers.get("Content-Disposition")).toBe("attachment");
    expect(response.headers.get("Content-Security-Policy")).toContain("sandbox");
  });

  it("sees the variant once it is stored, and fetches nothing", async () => {
    const { get, images, asked } = world(() => new Response(JPEG));
    images.store("variants/photo/800-high.webp", JPEG);
    expect((await get("/images/photo?w=800", CORS)).headers.get("Cache-Control")).toContain("immutable");
    expect(asked).toEqual([]);
  });
});

describe("nothing is passed on", () => {
  it.each([
    ["to an <img>", "GET", { "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Site": "cross-site" }],
    ["to a page opened by itself", "GET", { "Sec-Fetch-Mode": "navigate" }],
    ["to who does not say", "GET", {}],
    ["to Node's fetch, which is no browser", "GET", { "Sec-Fetch-Mode": "cors" }],
    ["to HEAD", "HEAD", CORS],
  ])("%s", async (_, method, headers) => {
    const { ask, asked } = world(() => new Response(JPEG));
    expect((await ask(method, "/images/photo?w=800", headers as Record<string, string>)).status).toBe(302);
    expect(asked).toEqual([]);
  });

  it("of a private original", async () => {
    const sources = [{ prefix: "", bucket: "ORIGINALS", key: "{id}" }];
    const { get, originals, asked } = world(() => new Response(JPEG), { config: { sources } });
    originals.store("photo", JPEG);
    expect((await get("/images/photo?w=800", CORS)).headers.get("Content-Type")).toBe("image/gif");
    expect(asked).toEqual([]);
  });

  it("to the edge itself, which would ask itself again", async () => {
    const { get } = world(() => new Response(JPEG));
    expect((await get("/images/photo?w=800", { ...CORS, Via: "1.1 prewarm" })).status).toBe(404);
  });
});
