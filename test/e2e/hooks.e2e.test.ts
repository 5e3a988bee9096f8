import { type ChildProcess, spawn } from "node:child_process";
import sharp from "sharp";
import { afterAll, beforeAll, expect, it } from "vitest";
import { freePort } from "../../dev/listen.ts";
import { createPrewarm } from "../../packages/client/src/create-prewarm.ts";
import astro from "../../packages/client/src/loaders/astro.ts";
import { urlFormat } from "../../packages/client/src/loaders/eleventy.ts";
import { createLoader } from "../../packages/client/src/loaders/next.ts";
import nuxt from "../../packages/client/src/loaders/nuxt.ts";
import { breakpoints, createTransformer } from "../../packages/client/src/loaders/unpic.ts";
import { tempFolder } from "../temp-folder.ts";
import { ask, isVariant, startTestStack, type TestStack, until } from "./stack.ts";

const SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
let stack: TestStack;
let server: ChildProcess;
let uploads: string;
let folder: string;

/** Seven page widths and two presets as AVIF, three variants for other browsers, and the placeholder. */
const UPLOAD_VARIANTS = 7 + 2 + 3 + 1;
/** Those of 1440 and 1920 px are one picture, of an original of 1300. */
const UPLOAD_JOBS = UPLOAD_VARIANTS - 1;

/** examples/upload-hook/server.mjs in a process of its own. */
async function startServer(port: number, hookUrl: string): Promise<ChildProcess> {
  const env = { ...process.env, PORT: String(port), FOLDER: folder, HOOK_URL: hookUrl, HOOK_SECRET: SECRET };
  const child = spawn(process.execPath, ["examples/upload-hook/server.mjs"], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  await new Promise((resolve, reject) => {
    child.stdout?.once("data", resolve);
    child.once("exit", reject);
  });
  return child;
}

beforeAll(async () => {
  folder = tempFolder("prewarm-uploads-");
  const port = await freePort(0, true);
  uploads = `http://localhost:${port}`;
  stack = await startTestStack({ originalsUrl: `${uploads}/originals/{id}`, secrets: { HOOK_SECRET: SECRET } });
  server = await startServer(port, `${stack.controlUrl}/hooks/uploads`);
});

afterAll(async () => {
  server?.kill();
  await stack?.close();
});

/** Of an original that is narrower than a page width, the variant of that width waits 20 s for the picture that it shares. */
const upload = async (id: string, colour: string, width = 2000) => {
  const picture = await sharp({ create: { width, height: 900, channels: 3, background: colour } })
    .jpeg()
    .toBuffer();
  const answer = await fetch(`${uploads}/${id}`, { method: "PUT", body: new Uint8Array(picture) });
  return answer.text();
};

const control = async (path: string) =>
  (
    await fetch(`${stack.controlUrl}${path}`, { headers: { Authorization: `Bearer ${stack.adminToken}` } })
  ).json() as Promise<Record<string, unknown>>;

it("an upload told by the example server is a hit at the plain URL's first view, and pays one job a picture; a replacement is shown under the same URL", async () => {
  const url = `${stack.edgeUrl}/images/cats/tom.jpg?w=480&f=avif`;
  const first = await upload("cats/tom.jpg", "red", 1300);
  expect(first).toBe("warmed: 202\n");
  const run = `/api/v1/runs/hook_uploads_${new Date().toISOString().slice(0, 10)}`;
  await until(
    "the upload's variants stand",
    () => control(run),
    ({ states }) => (states as { stored: number }).stored === UPLOAD_VARIANTS,
  );
  expect(
    stack.emulator?.control.jobs().filter(({ input }) => new URL(input).pathname.endsWith("cats/tom.jpg")),
  ).toHaveLength(UPLOAD_JOBS);
  const widest = await ask(`${stack.edgeUrl}/images/cats/tom.jpg?w=1920&f=webp`);
  expect([widest.status, (await sharp(widest.body).metadata()).width]).toEqual([200, 1300]);
  const seen = await ask(url);
  expect([seen.status, seen.headers.get("content-type")]).toEqual([200, "image/avif"]);
  expect(seen.cache).not.toContain("enqueued");

  await upload("cats/tom.jpg", "blue");
  const image = () => control("/api/v1/images/cats%2Ftom.jpg");
  const fresh = (body: Record<string, unknown>) =>
    (body.variants as { state: string; storedAt: number }[]).every(({ state }) => state === "stored") &&
    body.sourceEtag !== undefined;
  await until("the replacement's variants stand", image, fresh);
  const { body } = await ask(`${stack.edgeUrl}/images/cats/tom.jpg?w=828&f=avif`);
  const { dominant } = await sharp(body).stats();
  expect(dominant.b).toBeGreaterThan(dominant.r);
});

it("a focal point set after the upload has the stored crop made again so that it shows the point, and nothing else", async () => {
  const id = "cats/tina.png";
  const red = { create: { width: 40, height: 40, channels: 3, background: "#e01010" } } as const;
  const marked = await sharp({ create: { width: 2000, height: 400, channels: 3, background: "#ffffff" } })
    .composite([{ input: await sharp(red).png().toBuffer(), left: 40, top: 180 }])
    .png()
    .toBuffer();
  await fetch(`${uploads}/${id}`, { method: "PUT", body: new Uint8Array(marked) });
  const path = `/api/v1/images/${encodeURIComponent(id)}`;
  const send = (method: string, to: string, body: unknown) =>
    fetch(`${stack.controlUrl}${to}`, {
      method,
      headers: { Authorization: `Bearer ${stack.adminToken}`, "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
  const crops = ["w=400&h=400&q=high&f=webp", "w=400&h=400&q=high&f=jpeg"];
  await send("POST", "/api/v1/warm", { items: [{ id, transforms: crops }] });
  type Seen = { transform: string; state: string; storedAt: number }[];
  const variants = async () => (await control(path)).variants as Seen;
  const isAll = (seen: Seen) =>
    seen.length === UPLOAD_VARIANTS + crops.length && seen.every(({ state }) => state === "stored");
  const before = await until("the upload's variants and two crops stand", variants, isAll);

  const set = await send("PUT", `${path}/focal`, { focal: [0.05, 0.5] });
  expect([set.status, await set.json()]).toEqual([202, { id, focal: [0.05, 0.5], changed: true }]);
  const storedAt = (seen: Seen) => new Map(seen.map((one) => [one.transform, one.storedAt]));
  const old = storedAt(before);
  const isNew = ({ transform, storedAt: at }: Seen[number]) => at !== old.get(transform);
  // Presets may be crops, too.
  const isCrop = ({ transform }: Seen[number]) => transform.includes("h=");
  expect(before.filter(isCrop).length).toBeGreaterThanOrEqual(crops.length);
  const after = await until(
    "all crops are made again",
    variants,
    (seen) => isAll(seen) && seen.filter(isCrop).every(isNew),
  );
  expect(after.filter(isNew)).toEqual(after.filter(isCrop));
  for (const crop of crops) {
    const { body, headers } = await ask(`${stack.edgeUrl}/images/${id}?${crop}`);
    expect(isVariant({ status: 200, headers })).toBe(true);
    // The mark is 20 to 60 px from the left of a crop that begins at the original's left edge.
    const pixel = await sharp(body).extract({ left: 60, top: 200, width: 1, height: 1 }).removeAlpha().raw().toBuffer();
    expect([crop, (pixel[0] ?? 0) > 180, (pixel[1] ?? 255) < 90]).toEqual([crop, true, true]);
  }
});

it("a page of the client's or of a loader's gets variants of an upload only, whatever formats its browser shows", async () => {
  await upload("cats/tim.jpg", "green");
  await until(
    "the upload's variants stand",
    () => control("/api/v1/images/cats%2Ftim.jpg"),
    ({ variants }) =>
      (variants as { state: string }[]).filter(({ state }) => state === "stored").length === UPLOAD_VARIANTS,
  );
  const prewarm = createPrewarm({ baseUrl: stack.edgeUrl });
  const ref = { id: "cats/tim.jpg", width: 2000, height: 900 };
  const pages = [prewarm.attrs(ref, { width: 390 }), prewarm.attrs(ref, { sizes: "100vw" }), prewarm.attrs(ref, {})];
  const printed = pages.flatMap(({ src, srcset = "" }) => [src, ...srcset.split(", ").map((one) => one.split(" ")[0])]);
  const candidates = [...new Set(printed)].filter((one) => one !== undefined && one !== "");
  expect(candidates).toHaveLength(7);
  // Loaders know nothing of the original: wider than it is the same picture.
  const options = { baseUrl: stack.edgeUrl };
  const imageConfig = { service: { config: options } };
  const [next, unpic, eleventy] = [createLoader(options), createTransformer(options), urlFormat(options)];
  const src = "/cats/tim.jpg";
  const loaded = [16, 64, 256, ...breakpoints(options)].flatMap((width) => [
    next({ src, width }),
    nuxt().getImage(src, { ...options, modifiers: { width } }).url,
    astro.getURL({ src, width, height: width }, imageConfig),
    unpic(src, { width }),
    eleventy({ src, width, format: "auto" }),
  ]);
  const all = new Set([...candidates, ...loaded]);
  expect(all.size).toBe(7);
  for (const candidate of all)
    for (const accept of ["image/avif,image/webp,*/*", "image/webp,*/*", "*/*"]) {
      const answer = await ask(`${candidate}`, { accept });
      // Uploads make 1920 px as AVIF only: others see a narrower one while theirs is made.
      const isShort = !accept.includes("avif") && `${candidate}`.includes("w=1920");
      expect([candidate, accept, isShort ? answer.status === 200 : isVariant(answer)]).toEqual([
        candidate,
        accept,
        true,
      ]);
    }
});
