import { type ChildProcess, spawn } from "node:child_process";
import { env, inFolder } from "../examples/example-folder.ts";
import { type AwayHook, startHook } from "./away.ts";
import { colourOf, picture, printedIn, type Site, startSite } from "./warm.ts";

/* EmDash on Node with libSQL in a file and the storage of @prewarm/client/emdash, uploads by its HTTP API as its editor makes them. */

interface Media {
  id: string;
  storageKey: string;
  /** The path of the original in EmDash. */
  url: string;
}
interface Page {
  id: string;
  slug: string;
}
type Call = <T>(method: string, path: string, body?: object) => Promise<T>;
interface Cms {
  site: Site;
  hook: AwayHook;
  call: Call;
  /** The HTML of a published page. */
  read(page: Page): Promise<string>;
}

export const tryEmDash = (): Promise<void> =>
  inFolder("cms-emdash", async (folder) => {
    const site = await startSite("/_emdash/api/media/file/{id}");
    const hook = await startHook(`${site.stack.controlUrl}/hooks/uploads`);
    const settings = { PREWARM_URL: site.stack.edgeUrl, PREWARM_HOOK: hook.url, PREWARM_SECRET: site.stack.hookSecret };
    const start = starter(folder, site.port, { ...env, ...settings });
    const url = `http://localhost:${site.port}`;
    let server = await start("node_modules/astro/bin/astro.mjs", "dev", "--port", `${site.port}`);
    try {
      const call = callerOf(url, await signIn(url));
      // The rest is tried as it is deployed. The database has what the development server has set up.
      await stop(server);
      await done(
        spawn(process.execPath, ["node_modules/astro/bin/astro.mjs", "build"], {
          cwd: folder,
          env: { ...env, ...settings },
        }),
      );
      server = await start("dist/server/entry.mjs");
      await uploads({ site, hook, call, read: async ({ slug }) => (await fetch(`${url}/${slug}`)).text() });
    } finally {
      await stop(server);
      hook.close();
      await site.stack.close();
    }
  });

/** Starts programs of the example that listen on the port. */
function starter(cwd: string, port: number, env: NodeJS.ProcessEnv) {
  return async (...args: string[]): Promise<ChildProcess> => {
    const server = spawn(process.execPath, args, {
      cwd,
      env: { ...env, PORT: `${port}`, HOST: "localhost" },
      stdio: "ignore",
    });
    for (let n = 0; n < 600; n++) {
      if (await fetch(`http://localhost:${port}/none`).catch(() => null)) return server;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await stop(server);
    throw new Error(`${args[0]} does not answer`);
  };
}

const done = (child: ChildProcess) => new Promise<void>((resolve) => child.once("close", () => resolve()));

async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || !server.kill()) return;
  await done(server);
}

/** EmDash's development server makes an administrator with a token. */
async function signIn(url: string): Promise<string> {
  const answer = await fetch(`${url}/_emdash/api/setup/dev-bypass?token=1`, {
    method: "POST",
    headers: { "x-emdash-request": "1" },
  });
  const { data }: { data: { token: string } } = await answer.json();
  return data.token;
}

function callerOf(url: string, token: string): Call {
  return async (method, path, body) => {
    const isFile = body instanceof FormData || body instanceof Blob;
    const headers = { authorization: `Bearer ${token}`, ...(!isFile && { "content-type": "application/json" }) };
    const sent = isFile ? body : JSON.stringify(body);
    const answer = await fetch(`${url}/_emdash/api${path}`, { method, headers, ...(body && { body: sent }) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return JSON.parse(text).data;
  };
}

async function fileOf(colour: string): Promise<Blob> {
  return new Blob([new Uint8Array(await picture(colour))], { type: "image/jpeg" });
}

/** In one request, as programs do. */
async function upload(call: Call, name: string, colour: string): Promise<Media> {
  const form = new FormData();
  form.append("file", await fileOf(colour), name);
  return (await call<{ item: Media }>("POST", "/media", form)).item;
}

/** A target, the bytes and a confirmation, as the administration's pages do. */
async function uploadInSteps({ site, call }: Cms, filename: string, colour: string): Promise<Media> {
  const file = await fileOf(colour);
  const asked = { filename, contentType: file.type, size: file.size };
  const target = await call<{ uploadUrl: string; mediaId: string }>("POST", "/media/upload-url", asked);
  site.check("an upload in steps passes through EmDash", target.uploadUrl.startsWith("/_emdash/api/"), target);
  await call("PUT", target.uploadUrl.slice("/_emdash/api".length), file);
  return (await call<{ item: Media }>("POST", `/media/${target.mediaId}/confirm`)).item;
}

const heroOf = ({ id }: Media) => ({ id, provider: "local" });
const blockOf = ({ id, url }: Media) => ({
  _type: "image",
  _key: id,
  asset: { _ref: id, url },
  width: 1600,
  height: 900,
  alt: "",
});

async function uploads(cms: Cms): Promise<void> {
  const { site, call, read } = cms;
  const sea = await upload(call, "Sea side (1).jpg", "#0000ff");
  const page = await draft(cms, "Sea", sea);
  await site.made();
  await call("POST", `/content/pages/${page.id}/publish`);
  const html = await read(page);
  const cold = await site.cold(html);
  const { length } = printedIn(html, site.stack.edgeUrl);
  site.check(
    `all ${length} URLs of the page are warm before the page is published`,
    cold.length === 0 && length >= 6,
    cold,
  );
  const tags = html.split("<img").slice(1);
  const plain = tags.map((rest) => rest.split(">")[0] ?? "").filter((tag) => !tag.includes(" srcset="));
  site.check("every image of the page has a srcset", plain.length === 0, plain);
  const own = html.split('"').filter((text) => text.includes("/_emdash/"));
  site.check("the page shows no original of EmDash", own.length === 0, own);
  await replace(cms, page, sea);
  await outage(cms);
}

async function draft({ call }: Cms, title: string, media: Media): Promise<Page> {
  const slug = title.toLowerCase();
  return (await call<{ item: Page }>("POST", "/content/pages", { slug, data: dataOf(title, media) })).item;
}

const dataOf = (title: string, media: Media) => ({ title, hero: heroOf(media), content: [blockOf(media)] });

/** EmDash names every file anew: an editor replaces an image by another one, and deletes the first. */
async function replace(cms: Cms, page: Page, before: Media): Promise<void> {
  const { site, call, read } = cms;
  const old = printedIn(await read(page), site.stack.edgeUrl);
  const after = await uploadInSteps(cms, "Sea side (1).jpg", "#ff0000");
  await call("PUT", `/content/pages/${page.id}`, { data: dataOf("Sea", after) });
  await site.made();
  await call("POST", `/content/pages/${page.id}/publish`);
  const html = await read(page);
  const cold = await site.cold(html);
  site.check("every URL of the page is warm after the replacement", cold.length === 0, cold);
  const urls = [old[0], printedIn(html, site.stack.edgeUrl)[0]].map((url) => url ?? "none");
  const colours = await Promise.all(urls.map(colourOf));
  site.check(`a replaced image has other URLs: ${colours.join(" → ")}`, colours[0] !== colours[1], urls);
  await call("DELETE", `/media/${before.id}`);
  await site.made();
  await site.gone("the variants of a deleted image are gone", before.storageKey);
}

async function outage(cms: Cms): Promise<void> {
  const { site, hook, call, read } = cms;
  hook.instead = () => 503;
  const page = await draft(cms, "Outage", await upload(call, "outage.jpg", "#00ff00"));
  await call("POST", `/content/pages/${page.id}/publish`);
  await site.made();
  site.check("an upload while the hook is away is kept, and not made", (await site.cold(await read(page))).length > 0);
  hook.instead = null;
  await upload(call, "next.jpg", "#ff00ff");
  await site.made();
  const cold = await site.cold(await read(page));
  site.check("the next upload announces it too, and its page is warm", cold.length === 0, cold);
}
