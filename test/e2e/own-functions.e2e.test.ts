import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { sanityRef } from "../../packages/client/src/cms/sanity.ts";
import { createPrewarm } from "../../packages/client/src/create-prewarm.ts";
import { RECIPES } from "../../workers/consumer/src/hooks/testing/recipes.ts";
import { picture } from "../../workers/consumer/src/testing/pictures.ts";
import { ask, isVariant, startTestStack, type TestStack, until } from "./stack.ts";
import { ACCEPT } from "./until-warm.ts";
import { withSite } from "./with-site.ts";

/*
 * A site whose prewarm.config.ts says by functions where its originals lie and what follows an event, in both Workers; and whose images in
 * Sanity are announced by a webhook of the documented form and proof.
 */

const PAGES = { widths: [320, 640, 960], formats: ["webp", "jpeg"] } as const;
/** What an upload makes: those, and the picture that stands in. */
const VARIANTS = 3 * 2 + 1;
const SANITY_HOOK_SECRET = "a secret of the webhook";
const SANITY_FILE = await picture("jpeg", 1200, 800);
const told: { type: string | undefined; by: string | undefined }[] = [];
/** It has the originals, and it is the chat that events go to. */
let server: Server;
let stack: TestStack;

const siteOf = (port: number) => `
import { defineConfig } from "@prewarm/shared/config";
const shard = (id: string) => id.length % 4;
export default defineConfig({
  sources: [
    { prefix: "", url: "https://cdn.sanity.io/images/project/dataset/{id}" },
    { prefix: "own/", url: (id) => (id.endsWith(".jpg") ? "http://127.0.0.1:${port}/originals/" + id.slice(4) + "?shard=" + shard(id) : null) },
  ],
  pages: ${JSON.stringify(PAGES)},
  hooks: { sanity: ${JSON.stringify(RECIPES.sanity)} },
  events: [
    {
      name: "chat",
      secrets: ["CHAT_TOKEN"],
      handle: async ({ type }, [token = ""]) => {
        const answer = await fetch("http://127.0.0.1:${port}/" + type, { headers: { authorization: token } });
        if (!answer.ok) throw new Error("the chat at " + token + " answers " + answer.status);
      },
    },
  ],
});
`;

beforeAll(async () => {
  server = createServer((request, response) => {
    const path = request.url ?? "";
    if (path.startsWith("/originals/")) {
      response.setHeader("content-type", "image/jpeg");
      return response.end(readFileSync(`dev/samples/${path.slice("/originals/".length).split("?")[0]}`));
    }
    if (path.startsWith("/images/")) {
      response.setHeader("content-type", "image/jpeg");
      return response.end(SANITY_FILE);
    }
    response.statusCode = told.length === 0 ? 500 : 200;
    told.push({ type: path, by: request.headers.authorization });
    response.end();
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  const arrange = await withSite(siteOf(port), ["edge", "consumer"]);
  // In the place of the first source, which is Sanity's.
  const originalsUrl = `http://127.0.0.1:${port}/images/project/dataset/{id}`;
  const secrets = { CHAT_TOKEN: "a-token-of-the-chat", SANITY_HOOK_SECRET };
  stack = await startTestStack({ arrange, originalsUrl, secrets });
});
afterAll(async () => {
  await stack?.close();
  server?.close();
});

it("makes a variant of the original whose address a function returns", async () => {
  const url = `${stack.edgeUrl}/images/own/black-canyon.jpg?w=400&f=webp`;
  const cold = await ask(url);
  expect([cold.status, cold.headers.get("location")]).toEqual([
    302,
    expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/originals\/black-canyon\.jpg\?shard=0$/),
  ]);
  await until("it is a variant", () => ask(url), isVariant);
  const { status, body } = await ask(`${stack.edgeUrl}/images/own/no-photo?w=400`);
  expect([status, body.toString()]).toEqual([404, expect.stringContaining("source")]);
});

it("calls a function for an event, again while it fails, and shows operators what came of it", async () => {
  const api = async (path: string, method = "GET") => {
    const headers = { authorization: `Bearer ${stack.adminToken}` };
    return (await fetch(`${stack.controlUrl}/api/v1${path}`, { method, headers })).json() as Promise<{
      events: { endpoint: string; state: string; said: string | null; tries: number }[];
    }>;
  };
  const ofChat = async () => (await api("/events")).events.filter(({ endpoint }) => endpoint === "chat");
  await api("/events/test", "POST");
  const seen = await until("the event is handled", ofChat, ([last]) => last?.state === "delivered");
  expect(told.map(({ type, by }) => [type, by])).toEqual(Array(2).fill(["/test", "a-token-of-the-chat"]));
  expect(seen[0]).toMatchObject({ said: "handled", tries: 2 });
  expect(JSON.stringify(seen)).not.toContain("a-token-of-the-chat");
});

it("finds every URL of an asset of Sanity warm that its webhook has announced", async () => {
  const asset = "Tb9Ew8CXIwaY6R1kjMvI0uRR";
  // What docs/hooks.md projects of a document of the type sanity.imageAsset.
  const body = JSON.stringify({
    _id: `image-${asset}-1200x800-jpg`,
    id: `${asset}-1200x800.jpg`,
    sha1hash: "e1828e5ad61f10e23ac970ebf919dd4bb6478b7c",
    mimeType: "image/jpeg",
    at: new Date().toISOString(),
  });
  const send = (secret: string) => {
    const time = Date.now();
    const mac = createHmac("sha256", secret).update(`${time}.${body}`).digest("base64url");
    const headers = { "content-type": "application/json", "sanity-webhook-signature": `t=${time},v1=${mac}` };
    return fetch(`${stack.controlUrl}/hooks/sanity`, { method: "POST", body, headers });
  };
  expect((await send("a guess")).status).toBe(401);
  expect(await (await send(SANITY_HOOK_SECRET)).json()).toMatchObject({ accepted: VARIANTS, rejected: [] });
  const hero = sanityRef({ asset: { _ref: `image-${asset}-1200x800-jpg` } });
  if (hero === null) throw new Error("no ref");
  const { attrs, srcset, og } = createPrewarm({ baseUrl: stack.edgeUrl, pages: PAGES });
  const printed = `${attrs(hero, { width: 720 }).srcset}, ${srcset(hero)}, ${og(hero)}`;
  const urls = [...new Set(printed.split(", ").map((one) => one.split(" ")[0] ?? ""))];
  expect(urls).toHaveLength(4);
  const headers = { authorization: `Bearer ${stack.adminToken}` };
  const image = async () => (await fetch(`${stack.controlUrl}/api/v1/images/${hero.id}`, { headers })).json();
  await until(
    "every accepted variant is stored",
    image as () => Promise<{ variants: { state: string }[] }>,
    ({ variants }) => variants.length === VARIANTS && variants.every(({ state }) => state === "stored"),
  );
  // By HEAD, which orders nothing.
  const warm = await Promise.all(
    urls.map(async (url) =>
      isVariant(await fetch(url, { method: "HEAD", redirect: "manual", headers: { accept: ACCEPT } })),
    ),
  );
  expect(urls.filter((_, n) => !warm[n])).toEqual([]);
});
