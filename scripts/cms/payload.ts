import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { inFolder } from "../examples/example-folder.ts";
import { type AwayHook, startHook } from "./away.ts";
import { colourOf, isWarm, picture, printedIn, type Site, startSite } from "./warm.ts";

/* Payload with its SQLite adapter and the plugin of @prewarm/client/payload, uploads by its Local API. */

interface Media {
  id: number;
  filename: string;
  prewarm: { id: string; v: string; src: string } | null;
}
type Data = Record<string, unknown>;
/** As much of Payload's Local API as is used here. */
interface Payload {
  create<T>(call: { collection: string; data: Data; file?: object; draft?: boolean }): Promise<T>;
  update<T>(call: {
    collection: string;
    id: number;
    data: Data;
    file?: object;
    overwriteExistingFiles?: boolean;
  }): Promise<T>;
  delete(call: { collection: string; id: number }): Promise<unknown>;
  jobs: { run(call: object): Promise<unknown> };
  destroy(): Promise<void>;
}
interface Cms {
  site: Site;
  hook: AwayHook;
  payload: Payload;
  /** The HTML of a page. */
  write(id: number): Promise<string>;
}

export const tryPayload = (): Promise<void> =>
  inFolder("cms-payload", async (folder) => {
    const site = await startSite("/api/media/file/{id}");
    const hook = await startHook(`${site.stack.controlUrl}/hooks/uploads`);
    const originals = await serveMedia(join(folder, "media"), site.port);
    process.chdir(folder);
    Object.assign(process.env, {
      PREWARM_URL: site.stack.edgeUrl,
      PREWARM_HOOK: hook.url,
      PREWARM_SECRET: site.stack.hookSecret,
      PAYLOAD_SECRET: "of this folder",
    });
    const { getPayload } = await import(join(folder, "node_modules/payload/dist/index.js"));
    const { default: config } = await import(join(folder, "payload.config.mjs"));
    const { writePage } = await import(join(folder, "write-page.mjs"));
    const payload: Payload = await getPayload({ config });
    try {
      await uploads({ site, hook, payload, write: (id) => writePage(payload, id) });
    } finally {
      await payload.destroy();
      originals.close();
      hook.close();
      await site.stack.close();
    }
  });

/** Serves what Payload stores, as its own server does under /api/media/file/. */
async function serveMedia(folder: string, port: number) {
  const server = createServer(async ({ url = "" }, response) => {
    const path = join(folder, decodeURIComponent(url.split("/").at(-1) ?? ""));
    const found = await stat(path).catch(() => null);
    if (found === null) return void response.writeHead(404).end();
    response.writeHead(200, { "content-type": "image/jpeg", "content-length": found.size });
    createReadStream(path).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(port, "localhost", resolve));
  return server;
}

async function fileOf(name: string, colour: string) {
  const data = await picture(colour);
  return { data, name, mimetype: "image/jpeg", size: data.byteLength };
}

async function uploads(cms: Cms): Promise<void> {
  const { site, hook, payload, write } = cms;
  const file = await fileOf("Sea side (1).jpg", "#0000ff");
  const media = await payload.create<Media>({ collection: "media", data: { alt: "The sea" }, file });
  const data = { title: "Sea", hero: media.id, _status: "draft" };
  const page = await payload.create<{ id: number }>({ collection: "pages", data, draft: true });
  await site.made();
  await payload.update({ collection: "pages", id: page.id, data: { _status: "published" } });
  const html = await write(page.id);
  const cold = await site.cold(html);
  const { length } = printedIn(html, site.stack.edgeUrl);
  site.check(
    `all ${length} URLs of the page are warm before the page is published`,
    cold.length === 0 && length >= 8,
    cold,
  );

  const told = hook.answered.length;
  await payload.update({ collection: "media", id: media.id, data: { alt: "The sea at dawn" } });
  site.check("a new alternative text announces nothing", hook.answered.length === told, hook.answered);
  await payload.update({ collection: "media", id: media.id, data: { focalX: 30, focalY: 20 } });
  const focal = hook.answered.at(-1) ?? "";
  site.check("a focal point is handed on", focal.startsWith("202") && focal.includes(`"focal":[0.3,0.2]`), focal);
  await site.made();
  await replace(cms, page.id, media);
  await outage(cms);
  await remove(cms, media);
}

async function replace({ site, payload, write }: Cms, page: number, media: Media): Promise<void> {
  const file = await fileOf(media.filename, "#ff0000");
  const call = { collection: "media", id: media.id, data: {}, file, overwriteExistingFiles: true };
  const after = await payload.update<Media>(call);
  await site.made();
  const cold = await site.cold(await write(page));
  site.check("every URL of the page is warm after the replacement", cold.length === 0, cold);
  const urls = [media.prewarm?.src, after.prewarm?.src].map((url) => url ?? "none");
  const colours = await Promise.all(urls.map(colourOf));
  site.check(
    `a replaced image has other URLs: ${colours.join(" → ")}`,
    urls[0] !== urls[1] && colours[0] !== colours[1],
  );

  const renamed = await payload.create<Media>({
    collection: "media",
    data: {},
    file: await fileOf("a.jpg", "#ff00ff"),
  });
  const now = await payload.update<Media>({
    collection: "media",
    id: renamed.id,
    data: {},
    file: await fileOf("b.jpg", "#ffff00"),
  });
  await site.made();
  await site.gone("a replacement under another name deletes the old one's variants", "a.jpg");
  site.check("and the new one's are made", await isWarm(now.prewarm?.src ?? "none"));
}

async function outage({ site, hook, payload }: Cms): Promise<void> {
  hook.instead = () => 503;
  const file = await fileOf("outage.jpg", "#00ff00");
  const { prewarm } = await payload.create<Media>({ collection: "media", data: {}, file });
  await site.made();
  const url = prewarm?.src ?? "none";
  site.check("an upload while the hook is away is kept by Payload, and not made", !(await isWarm(url)));
  hook.instead = null;
  await payload.jobs.run({});
  await site.made();
  site.check("Payload's job announces it again", await isWarm(url), url);
}

async function remove({ site, payload }: Cms, media: Media): Promise<void> {
  await payload.delete({ collection: "media", id: media.id });
  await site.gone("the variants of a deleted image are gone", media.filename);
}
