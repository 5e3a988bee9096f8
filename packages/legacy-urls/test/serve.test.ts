import { defineConfig } from "@prewarm/shared/config";
import { describe, expect, it } from "vitest";
import { cloudinary } from "../src/cloudinary.ts";
import { imgix } from "../src/imgix.ts";
import { ipx } from "../src/ipx.ts";
import { netlify } from "../src/netlify.ts";
import { imagekit, shopify } from "../src/query.ts";
import type { LegacyEdge, LegacyService } from "../src/service.ts";
import { wordpress } from "../src/wordpress.ts";

const EDGE: LegacyEdge = {
  config: defineConfig({
    sources: [{ prefix: "", url: "https://cdn.example.com/{id}" }],
    deploy: {
      staging: { edge: "images-staging.example.com" },
      production: { edge: ["img.example.com", "images.example.com"] },
    },
  }),
  keys: [],
  clock: { now: () => 0 },
  env: {},
};

async function serve(service: LegacyService, address: string, init: RequestInit = {}, answer = stored) {
  const asked: Request[] = [];
  const next = async (request: Request): Promise<Response> => {
    asked.push(request);
    return answer();
  };
  const response = await service.serve(new Request(address, init), next, EDGE);
  return { response, asked: asked[0] as Request, times: asked.length };
}

function stored(): Response {
  const headers = { "Cache-Status": "edge; hit", "Cache-Control": "public, max-age=31536000, immutable" };
  return new Response("picture", { headers });
}

const HEAD = "https://old.example.com/demo/image/upload";

describe("an old URL", () => {
  it("is answered as the image URL that it stands for, with the request's headers and method", async () => {
    const headers = { Accept: "image/avif", Range: "bytes=0-9" };
    const { response, asked } = await serve(cloudinary(), `${HEAD}/w_800/f_auto/a%20b/c.jpg`, {
      method: "HEAD",
      headers,
    });
    expect(asked.url).toBe("https://old.example.com/images/a%20b/c.jpg?w=828&q=high&f=auto");
    expect([asked.method, asked.headers.get("Accept"), asked.headers.get("Range")]).toEqual([
      "HEAD",
      "image/avif",
      "bytes=0-9",
    ]);
    expect(response.headers.get("Link")).toBe('</images/a%20b/c.jpg?w=828&q=high&f=auto>; rel="canonical"');
  });

  it("that is exact is kept as the image URL is", async () => {
    const { response } = await serve(cloudinary(), `${HEAD}/w_800,f_auto/a.jpg`);
    expect(response.headers.get("Cache-Status")).toBe("edge; hit");
    expect(response.headers.get("Cache-Control")).toBe("public, max-age=31536000, immutable");
    expect(await response.text()).toBe("picture");
  });

  it("that is approximate says so, and is kept for a day", async () => {
    const { response } = await serve(cloudinary(), `${HEAD}/w_800,e_sepia/a.jpg`);
    expect(response.headers.get("Cache-Status")).toBe("edge; hit, cloudinary; detail=approximate");
    expect(response.headers.get("Cache-Control")).toBe("public, max-age=86400");
  });

  it("names its canonical URL on the edge's host where its own host is the service's alone", async () => {
    const { response } = await serve(
      imgix({ hosts: ["img.example.com"] }),
      "https://img.example.com/a.jpg?w=400&fm=avif",
    );
    expect(response.headers.get("Link")).toBe(
      '<https://images.example.com/images/a.jpg?w=480&q=high&f=avif>; rel="canonical"',
    );
  });

  it("whose answer is a refusal gets it untouched", async () => {
    const { response } = await serve(
      cloudinary(),
      `${HEAD}/w_800/a.jpg`,
      {},
      () => new Response("no", { status: 403 }),
    );
    expect([response.status, response.headers.get("Link")]).toEqual([403, null]);
  });

  it("has the id that the site's own rule gives, and is passed on where the rule gives none", async () => {
    const id = (name: string) => (name.startsWith("private/") ? null : name.replace(/\.\w+$/, ""));
    expect((await serve(cloudinary({ id }), `${HEAD}/w_800/x/a.jpg`)).asked.url).toMatch(/\/images\/x\/a\?/);
    expect((await serve(cloudinary({ id }), `${HEAD}/w_800/private/a.jpg`)).asked.url).toBe(
      `${HEAD}/w_800/private/a.jpg`,
    );
  });

  // An upload of before WordPress 5.3.1, and a shop's file, may end as if it were a size of another.
  it.each([
    [wordpress(), "/wp-content/uploads/flyer-300x200.jpg", "/images/flyer.jpg", "/images/flyer-300x200.jpg"],
    [shopify(), "/cdn/shop/files/big_large.jpg", "/images/files/big.jpg", "/images/files/big_large.jpg"],
  ])(
    "whose name without its size is no original is asked for by its whole name: %#",
    async (service, path, ...paths) => {
      const asked: string[] = [];
      const missing = { "Cache-Status": "edge; fwd=uri-miss, store; fwd=uri-miss; detail=missing" };
      const next = async ({ url }: Request): Promise<Response> => {
        asked.push(new URL(url).pathname);
        return asked.length === 1 ? new Response(null, { status: 302, headers: missing }) : stored();
      };
      const response = await service.serve(new Request(`https://old.example.com${path}`), next, EDGE);
      expect(asked).toEqual(paths);
      expect(response.headers.get("Link")).toContain(`<${paths[1]}?`);
    },
  );

  it("whose original is there is asked for once", async () => {
    const { times } = await serve(wordpress(), "https://old.example.com/wp-content/uploads/photo-300x200.jpg");
    expect(times).toBe(1);
  });

  it.each([
    [cloudinary(), `${HEAD}/a.jpg`, "OPTIONS", "another method"],
    [cloudinary(), "https://old.example.com/images/a.jpg?w=400", "GET", "the edge's own URL"],
    [cloudinary(), "https://old.example.com/demo/video/upload/a.mp4", "GET", "a video"],
    [
      cloudinary(),
      "https://old.example.com/demo/image/fetch/https://evil.example.net/a.jpg",
      "GET",
      "a stranger's picture",
    ],
    [cloudinary({ cloud: "other" }), `${HEAD}/a.jpg`, "GET", "another cloud"],
    [cloudinary({ hosts: ["img.example.com"] }), `${HEAD}/a.jpg`, "GET", "another host"],
    [cloudinary(), `${HEAD}/a/../../b%2Fc`, "GET", "what is no id"],
    [
      netlify(),
      "https://old.example.com/.netlify/images?url=https://evil.example.net/a.jpg&w=1",
      "GET",
      "a remote picture of another site",
    ],
    [imgix({ hosts: ["img.example.com"] }), "https://old.example.com/a.jpg?w=400", "GET", "a path on another host"],
    [ipx(), "https://old.example.com/_ipx/w_1/https://evil.example.net/a.jpg", "GET", "a remote picture"],
    [
      imagekit({ hosts: ["old.example.com"] }),
      "https://old.example.com/tr:w-1/https://evil.example.net/a.jpg",
      "GET",
      "",
    ],
    [wordpress(), "https://old.example.com/wp-content/uploads/report-300x200.pdf", "GET", "another kind of file"],
  ])("is none, and passed on as it is: %#", async (service, address, method) => {
    const request = await serve(service as LegacyService, address as string, { method: method as string });
    expect([request.asked.url, request.times]).toEqual([new URL(address as string).href, 1]);
  });
});
