import { createHash, createHmac } from "node:crypto";
import { defineConfig, type UserConfig } from "@prewarm/shared/config";
import { verify } from "@prewarm/shared/signature";
import { describe, expect, it } from "vitest";
import { cloudflareImages } from "../src/cloudflare.ts";
import { cloudinary } from "../src/cloudinary.ts";
import { imgix } from "../src/imgix.ts";
import { md5 } from "../src/md5.ts";
import type { LegacyService } from "../src/service.ts";

const NOW = Date.UTC(2026, 10, 29);
const KEY = "a-signing-key-of-the-edge-itself";

/** The URL that the edge is asked in the place of `address`. */
async function askedBy(service: LegacyService, address: string, env: object, user: Partial<UserConfig> = {}) {
  const config = defineConfig({ sources: [{ prefix: "", url: "https://cdn.example.com/{id}" }], ...user });
  let asked = new URL("https://nobody.invalid");
  const next = async (request: Request): Promise<Response> => {
    asked = new URL(request.url);
    return new Response(null);
  };
  await service.serve(new Request(address), next, { config, keys: [KEY], clock: { now: () => NOW }, env });
  const verdict = await verify(asked.pathname, asked.searchParams, [KEY], config, NOW / 1000);
  return { path: asked.pathname, query: asked.searchParams, verdict };
}

describe("md5", () => {
  it.each([
    "",
    "a",
    "FOO123bar/users/1.png",
    "é".repeat(31),
    "x".repeat(55),
    "x".repeat(56),
    "x".repeat(64),
    "x".repeat(4000),
  ])("of %j is Node's", (text) => expect(md5(text)).toBe(createHash("md5").update(text).digest("hex")));
});

describe("a signature of Cloudinary", () => {
  const service = cloudinary({ secrets: ["CLOUDINARY_API_SECRET"] });
  const HEAD = "https://res.cloudinary.com/test123/image/upload";
  // Those that Cloudinary's own libraries test with, under the secret `b`.
  it.each([
    ["s--Ai4Znfl3--/c_crop,h_20,w_10/v1234/image.jpg", "with a transformation and a version"],
    ["s----SjmNDA--/v1234/image.jpg", "without a transformation"],
    ["s--2hbrSMPO--/sample.jpg", "of SHA-256"],
  ])("%s is right (%s)", async (rest) => {
    const { path, query } = await askedBy(service, `${HEAD}/${rest}`, { CLOUDINARY_API_SECRET: "old, b" });
    expect(path).toMatch(/^\/images\/(image|sample)\.jpg$/);
    expect(query.has("s")).toBe(false);
  });

  it("of 32 characters is right", async () => {
    const made = createHash("sha256").update("w_400/a.jpgb").digest("base64url").slice(0, 32);
    const { query } = await askedBy(service, `${HEAD}/s--${made}--/w_400/a.jpg`, { CLOUDINARY_API_SECRET: "b" });
    expect(query.get("s")).toBeNull();
  });

  it.each<[string, object, string]>([
    ["s--Ai4Znfl4--/c_crop,h_20,w_10/v1234/image.jpg", { CLOUDINARY_API_SECRET: "b" }, "another signature"],
    ["s--Ai4Znfl3--/c_crop,h_20,w_11/v1234/image.jpg", { CLOUDINARY_API_SECRET: "b" }, "another transformation"],
    ["s--Ai4Znfl3--/c_crop,h_20,w_10/v1234/image.jpg", { CLOUDINARY_API_SECRET: "c" }, "another secret"],
    ["s--Ai4Znfl3--/c_crop,h_20,w_10/v1234/image.jpg", {}, "a secret that is not set"],
  ])("%s %j is handed to the edge as a wrong one (%s)", async (rest: string, env: object) => {
    const { verdict } = await askedBy(service, `${HEAD}/${rest}`, env);
    expect(verdict).toBe("bad");
  });

  it("is not looked at where no secret is named", async () => {
    const wrong = `${HEAD}/s--Ai4Znfl4--/w_400/image.jpg`;
    expect((await askedBy(cloudinary(), wrong, {})).verdict).toBe("absent");
  });

  it("opens the image under access: private, where a URL without one stays closed", async () => {
    const env = { CLOUDINARY_API_SECRET: "b" };
    const signed = await askedBy(service, `${HEAD}/s--Ai4Znfl3--/c_crop,h_20,w_10/image.jpg`, env, {
      access: "private",
    });
    expect([signed.verdict, signed.query.get("sc")]).toEqual(["ok", "image"]);
    expect((await askedBy(service, `${HEAD}/c_crop,h_20,w_10/image.jpg`, env, { access: "private" })).verdict).toBe(
      "absent",
    );
  });
});

describe("a signature of imgix", () => {
  const service = imgix({ hosts: ["my-social-network.imgix.net"], secrets: ["IMGIX_TOKEN"] });
  const HEAD = "https://my-social-network.imgix.net";
  const env = { IMGIX_TOKEN: "FOO123bar" };
  const sign = (path: string): string => createHash("md5").update(`FOO123bar${path}`).digest("hex");

  it("is right as imgix's own page has it", async () => {
    const { path, verdict } = await askedBy(service, `${HEAD}/users/1.png?s=6797c24146142d5b40bde3141fd3600c`, env);
    expect([path, verdict]).toEqual(["/images/users/1.png", "absent"]);
  });

  it("covers the query", async () => {
    const path = "/users/1.png?w=400&h=300&fit=crop";
    expect((await askedBy(service, `${HEAD}${path}&s=${sign(path)}`, env)).verdict).toBe("absent");
    expect((await askedBy(service, `${HEAD}${path}&s=${sign("/users/1.png")}`, env)).verdict).toBe("bad");
  });

  it.each([
    [1, "ok"],
    [0, "bad"],
    [-60, "bad"],
  ])("that ends in %i s is %s, and the edge is told its end", async (left, verdict) => {
    const expires = NOW / 1000 + left;
    const path = `/a.jpg?w=400&expires=${expires}`;
    const asked = await askedBy(service, `${HEAD}${path}&s=${sign(path)}`, env);
    expect(asked.verdict).toBe(verdict);
    if (verdict === "ok") expect(asked.query.get("exp")).toBe(String(expires));
  });

  it("given twice is wrong", async () => {
    const path = "/a.jpg?w=400";
    expect((await askedBy(service, `${HEAD}${path}&s=${sign(path)}&s=${sign(path)}`, env)).verdict).toBe("bad");
  });
});

describe("a signature of Cloudflare Images", () => {
  const service = cloudflareImages({ account: "ZWd9g1K7eljCn_KDTu_MWA", secrets: ["IMAGES_KEY"] });
  const sign = (text: string): string => createHmac("sha256", "k").update(text).digest("hex");

  const NAMED = { presets: { card: "w=640&f=auto", public: "w=1440&f=auto" } };

  it("is right over the path and its end", async () => {
    const path = `/ZWd9g1K7eljCn_KDTu_MWA/083eb7b2/card?exp=${NOW / 1000 + 60}`;
    const address = `https://imagedelivery.net${path}&sig=${sign(path)}`;
    const asked = await askedBy(service, address, { IMAGES_KEY: "k" }, NAMED);
    expect([asked.verdict, asked.query.get("exp")]).toEqual(["ok", String(NOW / 1000 + 60)]);
    expect((await askedBy(service, address.replace("card", "public"), { IMAGES_KEY: "k" }, NAMED)).verdict).toBe("bad");
    expect((await askedBy(service, address, { IMAGES_KEY: "j" }, NAMED)).verdict).toBe("bad");
  });
});
