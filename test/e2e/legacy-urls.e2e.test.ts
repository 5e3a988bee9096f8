import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask, isVariant, startTestStack, type TestStack, until } from "./stack.ts";
import { withSite } from "./with-site.ts";

/** A site that has left Cloudinary and next's optimiser: the same edge, built with their grammars in the configuration. */
const SITE = `
import { cloudinary } from "@prewarm/legacy-urls/cloudinary";
import { next } from "@prewarm/legacy-urls/next";
import { wordpress } from "@prewarm/legacy-urls/wordpress";
import { defineConfig } from "@prewarm/shared/config";
export default defineConfig({
  sources: [{ prefix: "", url: "https://cdn.example.com/originals/{id}" }],
  presets: { card: "w=640&h=480&fit=cover&f=auto" },
  pages: { ratios: ["4:3"] },
  legacy: [
    cloudinary({ cloud: "demo", secrets: ["CLOUDINARY_API_SECRET"] }),
    next(),
    wordpress({ id: (name) => (name === "flyer-300x200.jpg" ? "landscape.jpg" : name) }),
  ],
});
`;

let stack: TestStack;
beforeAll(async () => {
  const arrange = await withSite(SITE, ["edge"]);
  const secrets = { CLOUDINARY_API_SECRET: "b", SIGNING_KEYS: "a-key-of-the-edge" };
  stack = await startTestStack({ arrange, secrets });
});
afterAll(() => stack?.close());

const AVIF = { Accept: "image/avif,image/webp,*/*" };
const warm = (path: string) =>
  until(
    `${path} is a variant`,
    () => ask(stack.edgeUrl + path, AVIF),
    ({ status, headers }) => isVariant({ status, headers }),
  );

describe("an old URL", () => {
  it("causes, shows and shares the variant of the image URL that it stands for", async () => {
    const path = "/demo/image/upload/w_400/f_auto/q_auto/v1571218039/landscape.jpg";
    const cold = await ask(stack.edgeUrl + path, AVIF);
    expect(cold.status).toBe(302);
    const old = await warm(path);
    const canonical = "/images/landscape.jpg?w=480&q=high&f=auto";
    expect(old.headers.get("link")).toBe(`<${canonical}>; rel="canonical"`);
    expect(old.headers.get("content-type")).toMatch(/^image\/(avif|webp)$/);
    const now = await ask(stack.edgeUrl + canonical, AVIF);
    expect(now.cache).toBe("edge; hit");
    expect(now.body.equals(old.body)).toBe(true);
    const next = await ask(`${stack.edgeUrl}/_next/image?url=%2Flandscape.jpg&w=400&q=75`, AVIF);
    expect(next.body.equals(old.body)).toBe(true);
  });

  it("without a counterpart shows the nearest variant, and says so", async () => {
    const { headers, cache } = await warm("/demo/image/upload/c_fill,w_400,h_290,e_sepia,f_auto/landscape.jpg");
    expect(cache).toMatch(/, cloudinary; detail=approximate$/);
    expect(headers.get("link")).toBe('</images/landscape.jpg?w=480&h=360&fit=cover&q=high&f=auto>; rel="canonical"');
    expect(headers.get("cache-control")).toBe("public, max-age=86400");
  });

  it("whose file name is an original's own shows that original, once the other is found missing", async () => {
    const link = '</images/landscape.jpg?w=320&q=high&f=auto>; rel="canonical"';
    const path = "/wp-content/uploads/flyer-300x200.jpg";
    const { headers } = await until(
      "the edge knows that flyer.jpg is missing",
      () => ask(stack.edgeUrl + path, AVIF),
      (answer) => answer.headers.get("link") === link && isVariant(answer),
    );
    expect(headers.get("cache-control")).toBe("public, max-age=86400");
  });

  it("opens a preset by the name of its transformation", async () => {
    const { headers } = await warm("/demo/image/upload/t_card/landscape.jpg");
    expect(headers.get("link")).toBe('</images/landscape.jpg?p=card>; rel="canonical"');
  });

  it("is shown with a right signature and refused with a wrong one", async () => {
    const signature = createHash("sha1").update("w_400,f_auto/landscape.jpgb").digest("base64url").slice(0, 8);
    const path = (signed: string) => `/demo/image/upload/s--${signed}--/w_400,f_auto/landscape.jpg`;
    expect((await warm(path(signature))).status).toBe(200);
    const wrong = await ask(`${stack.edgeUrl}${path("AAAAAAAA")}`, AVIF);
    expect([wrong.status, JSON.parse(wrong.body.toString()).code]).toEqual([403, "signature_required"]);
  });

  it.each([
    "/demo/video/upload/a.mp4",
    "/other/image/upload/a.jpg",
    "/demo/image/fetch/https://evil.example.net/a.jpg",
  ])("is none: %s", async (path) => expect((await ask(stack.edgeUrl + path)).status).toBe(404));
});
