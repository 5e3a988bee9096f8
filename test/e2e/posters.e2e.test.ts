import { createServer } from "node:http";
import { build } from "esbuild";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { signWebhook } from "../../apps/cli/src/steps/sign-webhook.ts";
import { listen } from "../../dev/listen.ts";
import type { LocalWorkers } from "../../dev/runtime.ts";
import { mp4 } from "../../packages/shared/src/film/testing/films.ts";
import { ask, isVariant, startTestStack, type TestStack, until } from "./stack.ts";

/** A site with posters of films: both Workers, built with `posters()` in the configuration. */
const SITE = `
import { posters } from "@prewarm/legacy-urls/posters";
import { defineConfig } from "@prewarm/shared/config";
export default defineConfig({
  sources: [{ prefix: "", url: "https://cdn.example.com/originals/{id}" }],
  unshowable: ["heic", "heif", "tif", "tiff", "mp4", "m4v", "mov", "webm"],
  recipes: { small: ["w=320&f=webp"] },
  legacy: [posters({ times: [0, 4, 9.5] })],
  hooks: {
    uploads: { verifier: { kind: "standard-webhooks", secrets: ["HOOK_SECRET"] }, mapper: { kind: "native" }, recipe: "small" },
  },
});
`;

async function bundle(worker: "edge" | "consumer"): Promise<string> {
  const config = { filter: /\/prewarm\.config\.ts$/ };
  const { outputFiles } = await build({
    ...{
      entryPoints: [`workers/${worker}/src/worker.ts`],
      bundle: true,
      write: false,
      format: "esm",
      target: "es2024",
    },
    external: ["cloudflare:*"],
    plugins: [
      {
        name: "site",
        setup: (it) => void it.onLoad(config, () => ({ contents: SITE, loader: "ts", resolveDir: process.cwd() })),
      },
    ],
  });
  return outputFiles?.[0]?.text ?? "";
}

const FILMS: Record<string, Uint8Array> = {
  "films/sea.mp4": mp4(),
  "films/turned.mov": mp4({ rotation: 90, header: "end" }),
  "films/short.mp4": mp4({ seconds: 3 }),
  "films/cut.mp4": mp4().slice(0, -1000),
  "films/stream.mp4": mp4({ fragmented: true }),
};
/** Bytes of films that were sent by the origin, by `User-Agent`. */
const sent: { agent: string; bytes: number }[] = [];
const origin = createServer((request, response) => {
  const film = FILMS[decodeURIComponent(new URL(request.url ?? "", "http://origin").pathname.slice(1))];
  if (film === undefined) return void response.writeHead(404).end();
  const [, from = "0", to = String(film.length - 1)] = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? "") ?? [];
  const part = film.subarray(Number(from), Number(to) + 1);
  sent.push({ agent: request.headers["user-agent"] ?? "", bytes: part.length });
  const range = `bytes ${from}-${Number(from) + part.length - 1}/${film.length}`;
  const headers = { etag: `"${film.length}"`, "content-type": "video/mp4", "content-length": part.length };
  if (request.headers.range === undefined) response.writeHead(200, headers);
  else response.writeHead(206, { ...headers, "content-range": range });
  response.end(part);
});

let stack: TestStack;
beforeAll(async () => {
  const code = { "prewarm-edge": await bundle("edge"), "prewarm-consumer": await bundle("consumer") };
  const arrange = (workers: LocalWorkers): LocalWorkers =>
    workers.map((worker) => {
      const contents = code[worker.name as keyof typeof code];
      if (contents === undefined) return worker;
      const modules = worker.modules.map((one) => (one.path === "worker.mjs" ? { ...one, contents } : one));
      return { ...worker, modules };
    });
  const originalsUrl = `http://localhost:${await listen(origin, 0)}/{id}`;
  stack = await startTestStack({ arrange, originalsUrl, verbose: false });
});
afterAll(async () => {
  await stack?.close();
  origin.close();
});

const url = (film: string, query: string) => `${stack.edgeUrl}/images/films/${film}?${query}`;
const warm = (address: string) =>
  until(
    `${address} is a variant`,
    () => ask(address),
    ({ status, headers }) => isVariant({ status, headers }),
  );
const told = (type: string, id: string) => {
  const body = JSON.stringify({ type, data: { items: [{ id }] } });
  const headers = signWebhook(body, stack.hookSecret, crypto.randomUUID(), Math.floor(Date.now() / 1000));
  return fetch(`${stack.controlUrl}/hooks/uploads`, { method: "POST", body, headers });
};
const authorized = () => ({ headers: { authorization: `Bearer ${stack.adminToken}` } });
const image = async (id: string) =>
  (await fetch(`${stack.controlUrl}/api/v1/images/${encodeURIComponent(id)}`, authorized())).text();

describe("a film's poster", () => {
  it("cold is a placeholder and never the film, and then the still of its time", async () => {
    const colours = new Set<string>();
    for (const t of ["0", "4", "9.5"]) {
      const cold = await ask(url("sea.mp4", `w=480&f=webp&t=${t}`), { origin: "https://page.example" });
      expect(cold.status).toBe(200);
      expect(cold.headers.get("location")).toBeNull();
      expect(cold.headers.get("content-type")).toMatch(/^image\//);
      expect(cold.headers.get("cache-control")).toMatch(/^private/);
      const { body } = await warm(url("sea.mp4", `w=480&f=webp&t=${t}`));
      expect(await sharp(body).metadata()).toMatchObject({ format: "webp", width: 480, height: 270 });
      const { dominant } = await sharp(body).stats();
      colours.add(JSON.stringify(dominant));
    }
    expect(colours.size).toBe(3);
    // Without a time the first is meant, and both are one picture.
    expect((await ask(url("sea.mp4", "w=480&f=webp"))).cache).toBe("edge; hit");
  });

  it("warm after the hook is told of the film, in the recipe's widths, and by few bytes of it", async () => {
    sent.length = 0;
    expect((await told("image.uploaded", "films/turned.mov")).status).toBe(202);
    for (const t of [0, 4, 9.5]) {
      const address = url("turned.mov", `w=320&f=webp&t=${t}`);
      const { body } = await until(
        address,
        async () => ({ head: await fetch(address, { method: "HEAD", redirect: "manual" }), body: Buffer.alloc(0) }),
        ({ head }) => isVariant(head),
      ).then(() => ask(address));
      // Turned by a quarter: higher than wide.
      expect(await sharp(body).metadata()).toMatchObject({ width: 320, height: 569 });
    }
    const probes = sent.filter(({ agent }) => agent.startsWith("Prewarm"));
    expect(probes.length).toBeGreaterThan(0);
    expect(Math.max(...probes.map(({ bytes }) => bytes))).toBeLessThanOrEqual(65_536);
    expect(sent.filter(({ agent }) => !/^Prewarm|^ittybit-emulator/.test(agent))).toEqual([]);
  });

  it("is purged with the film, by the hook and by the API", async () => {
    const poster = "films/sea.mp4/t=4.mp4";
    expect(await image(poster)).toContain('"state":"stored"');
    await fetch(`${stack.controlUrl}/api/v1/images/films%2Fsea.mp4`, { ...authorized(), method: "DELETE" });
    for (const t of ["0", "4", "9.5"])
      await until(
        t,
        () => image(`films/sea.mp4/t=${t}.mp4`),
        (text) => !text.includes('"state":"stored"'),
      );
    await told("image.deleted", "films/turned.mov");
    await until(
      "purged",
      () => image("films/turned.mov/t=4.mov"),
      (text) => !text.includes('"state":"stored"'),
    );
  });

  it.each([
    ["past the end", "short.mp4", "the film ends after 3.0 s"],
    ["of a film that is cut off", "cut.mp4", "the film is cut off"],
    ["of a fragmented film", "stream.mp4", "the film is fragmented"],
  ])("%s is refused: a placeholder, and no job", async (_, film, message) => {
    const address = url(film, "w=480&f=webp&t=4");
    const look = async () => {
      await ask(address);
      return image(`films/${film}/t=4.mp4`);
    };
    expect(await until("refused", look, (text) => text.includes('"refused"'))).toContain(message);
    expect(stack.emulator?.control.jobs({ input: film })).toEqual([]);
    const answer = await ask(address);
    expect([answer.status, answer.headers.get("location")]).toEqual([200, null]);
    expect(answer.headers.get("content-type")).toBe("image/gif");
  });

  it("at a time that is not listed is refused at the door", async () => {
    const { status, body } = await ask(url("sea.mp4", "w=480&t=5"));
    expect([status, JSON.parse(String(body)).allowed]).toEqual([400, ["0", "4", "9.5"]]);
    expect((await ask(`${stack.edgeUrl}/images/films/sea.mp4/t=5.mp4?w=480`)).status).toBe(400);
  });
});
