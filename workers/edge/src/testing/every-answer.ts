import type { UserConfig } from "@prewarm/shared/config";
import { REMOVED_METADATA } from "@prewarm/shared/image-info";
import { sign, signOriginal } from "@prewarm/shared/signature";
import { infoKey } from "@prewarm/shared/variant-key";
import { withFault } from "./fakes.ts";
import { BYTES, NOW, noted, type Options, setup, type World } from "./setup.ts";

/** A viewer's request: method, path and headers. */
interface Asked {
  method?: string;
  path?: string;
  headers?: Record<string, string>;
}

interface Case extends Asked {
  options?: Options;
  /** What is there before it is asked for. */
  given?: (world: World) => unknown;
  /** The path, where it needs the world. */
  pathOf?: (world: World) => Promise<string>;
}

const PHOTO = "/images/photo?w=800";
const AUTO = `${PHOTO}&f=auto`;
const JPEG = Uint8Array.from([0xff, 0xd8, 0xff, 0xe0, ...BYTES]);
const ACCEPT = { Accept: "image/avif,image/webp,image/*,*/*;q=0.8" };
const SCRIPT = { "Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "image" };
const KEYS = ["key"];
const SOURCES = [{ prefix: "", bucket: "ORIGINALS", key: "{id}" }];
const SHOWN = [{ prefix: "", bucket: "ORIGINALS", key: "{id}", viewers: "redirect" as const }];

const stored = ({ images }: World) => images.store("variants/photo/800-high.webp", BYTES);

/** Variants of which the first says that the second is smaller. */
function twoFormats({ images }: World): void {
  const metadata = { "source-etag": '"e1"' };
  images.store("variants/photo/800-high.avif", BYTES, undefined, { ...metadata, smaller: "webp" });
  images.store("variants/photo/800-high.webp", BYTES.slice(5), undefined, metadata);
}

/** R2 fails from the second read on. */
function secondReadFails(world: World): void {
  twoFormats(world);
  const { images } = world;
  const failing = withFault(images, "rejects");
  let reads = 0;
  Object.assign(world.edge, {
    images: {
      get: (key: string) => {
        reads += 1;
        return (reads === 1 ? images : failing).get(key);
      },
    },
  });
}

async function signedPath(world: World, query: string): Promise<string> {
  return `/images/photo?${query}&s=${await sign("/images/photo", query, "key", world.config)}`;
}

const secondsFromNow = (seconds: number): number => NOW / 1000 + seconds;

/** Every kind of answer there is, by its name. */
export const EVERY_ANSWER: Readonly<Record<string, Case>> = {
  "a stored variant": { given: stored },
  "a second view of it": {
    given: async (world) => {
      stored(world);
      await world.get(PHOTO);
      await world.settle();
    },
  },
  "HEAD of it": { method: "HEAD", given: stored },
  "a condition that holds": { given: stored, headers: { "If-None-Match": "*" } },
  "a part": { given: stored, headers: { Range: "bytes=5-9" } },
  "a part outside of it": { given: stored, headers: { Range: "bytes=90-" } },
  "a variant that is revalidated": { given: stored, options: { config: { freshness: "revalidate" } } },
  "a variant by Accept": { path: AUTO, headers: ACCEPT, given: twoFormats },
  "a variant whose smaller format R2 did not tell": { path: AUTO, headers: ACCEPT, given: secondReadFails },
  "a variant while the cache hangs": { given: stored, options: { faults: { cache: "rejects" } } },
  "a signed variant": { given: stored, options: { keys: KEYS }, pathOf: (world) => signedPath(world, "w=800") },
  "a signed variant that ends": {
    given: stored,
    options: { keys: KEYS },
    pathOf: (world) => signedPath(world, `exp=${secondsFromNow(90)}&w=800`),
  },
  "the same picture under another key": {
    path: "/images/photo?w=1920",
    given: (world) => {
      world.know("photo", { width: 700, height: 700, ...noted(["828-high.webp"]) });
      world.images.store("variants/photo/828-high.webp", BYTES);
    },
  },
  "a stand-in": {
    given: (world) => {
      world.know("photo", noted(["640-high.webp"]));
      world.images.store("variants/photo/640-high.webp", BYTES);
    },
  },
  "a miss": {},
  "HEAD of a miss": { method: "HEAD" },
  "a miss while R2 fails": { options: { faults: { images: "rejects" } } },
  "a miss with a placeholder": { options: { config: { fallback: "placeholder" } } },
  "a miss of a hidden original": { options: { config: { sources: SOURCES } } },
  "a miss of an original that is not there": { options: { keys: KEYS, config: { sources: SHOWN } } },
  "a removed image": { given: ({ images }) => images.store(infoKey("photo"), "{}", undefined, REMOVED_METADATA) },
  "a removed image with a picture": {
    options: { config: { removedUrl: "/removed.svg" } },
    given: ({ images }) => images.store(infoKey("photo"), "{}", undefined, REMOVED_METADATA),
  },
  "a script's miss": { headers: SCRIPT, options: { fetch: async () => new Response(JPEG) } },
  "an original shown as it is": { path: "/images/logo.svg?w=800" },
  "what is known of an image": { path: "/info/photo", given: (world) => world.know("photo") },
  "what nobody knows of an image": { path: "/info/photo" },
  "an original": {
    options: { keys: KEYS, config: { sources: SHOWN } },
    given: ({ originals }) => originals.store("photo", JPEG),
    pathOf: (world) => signOriginal("photo", "key", world.config, NOW / 1000),
  },
  "an original without a signature": { path: "/originals/photo", options: { keys: KEYS, config: { sources: SHOWN } } },
  health: { path: "/healthz" },
  "a preflight": { method: "OPTIONS" },
  "another method": { method: "PUT" },
  "a purge": { method: "POST", path: "/images/" },
  "a POST elsewhere": { method: "POST", path: "/images/photo" },
  "a parameter nobody knows": { path: `${PHOTO}&width=3` },
  "a size that needs a signature": { path: "/images/photo?w=300&h=210", options: { keys: KEYS } },
  "no image": { path: "/favicon.ico" },
};

/** An answer of its own world, whose site has these settings besides. */
export async function answerOf(name: string, config: Partial<UserConfig> = {}): Promise<Response> {
  const { method = "GET", path = PHOTO, headers = {}, options = {}, given, pathOf } = EVERY_ANSWER[name] ?? {};
  const world = setup({ ...options, config: { ...options.config, ...config } });
  await given?.(world);
  const answer = await world.ask(method, (await pathOf?.(world)) ?? path, headers);
  await world.settle();
  return answer;
}

/** Status, headers and body as text; bytes that are no text are told in hex. */
export async function printAnswer(name: string, response: Response): Promise<string> {
  const headers = [...response.headers].map(([header, value]) => `${header}: ${value}`);
  const type = response.headers.get("Content-Type") ?? "";
  const bytes = Buffer.from(await response.arrayBuffer());
  const body = bytes.toString(/json/.test(type) ? "utf8" : "hex");
  return [`# ${name}`, response.status, ...headers, ...(body === "" ? [] : ["", body])].join("\n");
}
