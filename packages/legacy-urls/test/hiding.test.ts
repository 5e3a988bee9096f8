import { createHash, createHmac } from "node:crypto";
import { defineConfig, type UserConfig } from "@prewarm/shared/config";
import { describe, expect, it } from "vitest";
import { cloudflareImages } from "../src/cloudflare.ts";
import { cloudinary } from "../src/cloudinary.ts";
import { imgix } from "../src/imgix.ts";
import { ipx } from "../src/ipx.ts";
import { netlify } from "../src/netlify.ts";
import { next } from "../src/next.ts";
import { bunny, fastly, imagekit, keycdn } from "../src/query.ts";
import type { LegacyService, ServiceOptions } from "../src/service.ts";

/* URLs that their owner signed so that nobody takes the blur away. Here the signature is right, so only `hiding` stands before the picture. */

const SOURCES = [{ prefix: "", url: "https://cdn.example.com/{id}" }];
const SECRET = "their-secret";
const HOSTS = ["img.example.com"];

/** The URL that the edge is asked for, or the status and the code of a refusal. */
async function answerOf(
  service: LegacyService,
  address: string,
  user: Partial<UserConfig> = {},
  method = "GET",
): Promise<string> {
  const asked = async ({ url }: Request) => new Response(url);
  const response = await service.serve(new Request(address, { method }), asked, {
    config: defineConfig({ sources: SOURCES, ...user }),
    keys: ["a-key-of-the-edge"],
    clock: { now: () => 0 },
    env: { SECRET },
  });
  const text = await response.text();
  return response.status === 200 ? text : `${response.status} ${text === "" ? "" : JSON.parse(text).code}`.trim();
}

const REFUSED = "403 picture_hidden";

const IMGIX = (query: string): string => {
  const path = `/paid/anna.jpg?${query}`;
  return `https://img.example.com${path}&s=${createHash("md5")
    .update(SECRET + path)
    .digest("hex")}`;
};
const CLOUDINARY = (transformation: string): string => {
  const text = `${transformation}/paid/anna.jpg`;
  const signature = createHash("sha256")
    .update(text + SECRET)
    .digest("base64url");
  return `https://img.example.com/demo/image/upload/s--${signature.slice(0, 32)}--/${text}`;
};
const CLOUDFLARE = (variant: string): string => {
  const path = `/account/paid/anna.jpg/${variant}`;
  return `https://img.example.com${path}?sig=${createHmac("sha256", SECRET).update(path).digest("hex")}`;
};
const TRANSFORMED = (options: string): string => `https://img.example.com/cdn-cgi/image/${options}/paid/anna.jpg`;

const MADE = {
  imgix: (options: ServiceOptions = {}) => imgix({ ...options, hosts: HOSTS, secrets: ["SECRET"] }),
  cloudinary: (options: ServiceOptions = {}) => cloudinary({ ...options, secrets: ["SECRET"] }),
  cloudflare: (options: ServiceOptions = {}) =>
    cloudflareImages({ ...options, account: "account", secrets: ["SECRET"] }),
  next: (options: ServiceOptions = {}) => next({ ...options, hosts: HOSTS }),
  netlify: (options: ServiceOptions = {}) => netlify({ ...options, hosts: HOSTS }),
  ipx: (options: ServiceOptions = {}) => ipx({ ...options, hosts: HOSTS }),
  imagekit: (options: ServiceOptions = {}) => imagekit({ ...options, hosts: HOSTS }),
  bunny: (options: ServiceOptions = {}) => bunny({ ...options, hosts: HOSTS }),
  fastly: (options: ServiceOptions = {}) => fastly({ ...options, hosts: HOSTS }),
  keycdn: (options: ServiceOptions = {}) => keycdn({ ...options, hosts: HOSTS }),
};
type Name = keyof typeof MADE;

const HIDING: readonly [Name, string][] = [
  ...[
    ...["blur=200", "px=60", "htn=8", "blur64=MjAw", "blur64=***", "%62lur=200", "blur=200&blur=0", "blur=50&fm=png"],
    ...["mark=logo.png", "mark64=bG9nbw", "mark-align=top&mark=logo.png", "txt=SAMPLE", "txt64=U0FNUExF"],
    ...["blend=000", "blend-alpha=30&blend=000", "blend64=MDAw", "mask=https%3A%2F%2Fexample.com%2Fa.png"],
    ...["bg-remove=true", "bg-replace=a+beach", "object-removal-rect=0,0,9,9", "fm=blurhash", "fm=json", "palette=css"],
  ].map((query): [Name, string] => ["imgix", IMGIX(`w=400&${query}`)]),
  ...[
    ...[
      "e_blur:2000",
      "w_400,e_blur",
      "e_blur_faces/w_400",
      "e_blur_region:500,h_90",
      "e_pixelate",
      "e_pixelate_faces:9",
    ],
    ...["l_watermark", "l_text:Arial_40:SAMPLE", "w_400/l_logo,w_50/fl_layer_apply,g_south", "u_paper", "e_mask"],
    ...["e_background_removal", "e_gen_remove:prompt_face", "e_an_effect_of_tomorrow", "o_5", "fn_wasm:blur.wasm"],
    ...["if_w_gt_100/e_blur:900/if_end", "$e_!blur!/e_$e", "w_400%2Ce_blur:2000", "w_400%2Fe_blur"],
    ...["t_censored", "t_censored,w_400", "t_card/e_blur:2000", "fl_getinfo"],
    ...["e_blur:2000,e_sepia", "t_censored/t_card", "t_card/t_censored", "t_card.censored", "e_colorize:100"],
  ].map((transformation): [Name, string] => ["cloudinary", CLOUDINARY(transformation)]),
  ...["censored", "public", "blur=250", "w=400,blur=1", "blur%3D250", "w=400,b%6Cur=250", "w=400,draw=logo"].map(
    (variant): [Name, string] => ["cloudflare", CLOUDFLARE(variant)],
  ),
  ...[
    "blur=250",
    "w=400%2Cblur=250",
    "w=400,%20blur=250",
    "blur=250,blur=0",
    "segment=foreground",
    "draw=logo",
    "format=json",
  ].map((options): [Name, string] => ["cloudflare", TRANSFORMED(options)]),
  // An address within an address: its own query hides.
  ["next", `https://img.example.com/_next/image?w=640&q=75&url=${encodeURIComponent(IMGIX("blur=200"))}`],
  ["next", `https://img.example.com/_next/image?w=640&q=75&url=${encodeURIComponent("/a.jpg?w=9&px=60#x")}`],
  ["netlify", `https://img.example.com/.netlify/images?w=640&url=${encodeURIComponent(IMGIX("mark64=bG9nbw"))}`],
  ["netlify", "https://img.example.com/.netlify/images?w=640&fm=blurhash&url=/a.jpg"],
  ...["blur_9", "w_640%2Cblur_9", "blur_9&w_640", "blur", "median_30"].map((modifiers): [Name, string] => [
    "ipx",
    `https://img.example.com/_ipx/${modifiers}/paid/anna.jpg`,
  ]),
  ["ipx", "https://img.example.com/_ipx/w_640/https://cdn.example.com/a.jpg?blur=200"],
  ...[
    "bl-9",
    "w-640:bl-9",
    "w-640%2Cbl-9",
    "l-text,i-X,l-end",
    "l-end,bl-9",
    "e-tomorrow",
    "o-0",
    "n-censored",
    "n-censored,n-card",
  ].flatMap((steps): [Name, string][] => [
    ["imagekit", `https://img.example.com/tr:${steps}/paid/anna.jpg`],
    ["imagekit", `https://img.example.com/paid/anna.jpg?tr=${steps}`],
  ]),
  ["bunny", "https://img.example.com/paid/anna.jpg?width=640&blur=9"],
  ["bunny", "https://img.example.com/paid/anna.jpg?width=640&pixelate=9"],
  ["bunny", "https://img.example.com/paid/anna.jpg?class=censored&class=card"],
  ["fastly", "https://img.example.com/paid/anna.jpg?blur=9&blur=0"],
  ["fastly", "https://img.example.com/paid/anna.jpg?overlay=logo.png"],
  ["keycdn", "https://img.example.com/paid/anna.jpg?blur=9"],
  ["cloudflare", `https://www.example.com/cdn-cgi/image/w=640/https://cdn.example.com/a.jpg?blur=200`],
  ["cloudinary", `https://www.example.com/demo/image/fetch/w_640/https://cdn.example.com/a.jpg?blur=200`],
  ["imgix", `https://img.example.com/${encodeURIComponent("https://cdn.example.com/a.jpg?txt=SAMPLE")}?w=640`],
];

describe("an old URL that hides something", () => {
  it.each(HIDING)("of %s shows no picture: %s", async (name, address) => {
    for (const access of ["private", "open"] as const)
      for (const noise of [[], ["b*", "m*", "o*", "p*", "t*"]])
        expect(await answerOf(MADE[name](), address, { access, noise, presets: CARD })).toBe(REFUSED);
  });

  it("says which parameter hides, and is kept by nobody", async () => {
    const refusal = await MADE.imgix().serve(new Request(IMGIX("w=400&px=60")), async () => new Response(), {
      config: defineConfig({ sources: SOURCES }),
      keys: [],
      clock: { now: () => 0 },
      env: {},
    });
    expect(await refusal.json()).toMatchObject({ status: 403, code: "picture_hidden", parameter: "px" });
    expect(refusal.headers.get("Cache-Control")).toBe("no-store");
    expect(await answerOf(MADE.imgix(), IMGIX("w=400&px=60"), {}, "HEAD")).toBe("403");
  });

  it.each(HIDING)("of %s shows the picture without it where the site says so: %s", async (name, address) => {
    const path = await answerOf(MADE[name]({ hiding: "show" }), address, { presets: CARD });
    expect(path).toMatch(/\/images\/(paid\/anna|a)\.jpg\?/);
    expect(MADE[name]({ hiding: "show" }).read(new URL(address), defineConfig({ sources: SOURCES }))).toMatchObject({
      exactness: "unsupported",
    });
  });
});

const CARD = { card: "w=640&f=auto" };

describe("an old URL that hides nothing", () => {
  it.each<[Name, string]>([
    ["imgix", IMGIX("w=400&blur=0&px=0")],
    ["imgix", IMGIX("w=400&sat=-100&rot=90&mask=ellipse&mark-align=top&blend-mode=normal&foo=bar")],
    ["imgix", IMGIX("w=400&rect=0,0,100,100")],
    ["cloudinary", CLOUDINARY("w_400,e_sepia,r_20,o_100/a_90")],
    ["cloudinary", CLOUDINARY("t_card")],
    ["cloudflare", CLOUDFLARE("card")],
    ["cloudflare", CLOUDFLARE("w=400,blur=0,sharpen=1")],
    ["next", `https://img.example.com/_next/image?w=640&q=75&url=${encodeURIComponent("/paid/anna.jpg?v=3")}`],
    ["netlify", "https://img.example.com/.netlify/images?w=640&blur=9&url=/paid/anna.jpg"],
  ])("of %s shows its picture: %s", async (name, address) => {
    expect(await answerOf(MADE[name](), address, { presets: CARD })).toMatch(/\/images\/paid\/anna\.jpg\?/);
  });
});
