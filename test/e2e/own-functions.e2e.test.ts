import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ask, isVariant, startTestStack, type TestStack, until } from "./stack.ts";
import { withSite } from "./with-site.ts";

/* A site whose prewarm.config.ts says by functions where its originals lie and what follows an event, in both Workers. */

const told: { type: string | undefined; by: string | undefined }[] = [];
/** It has the originals, and it is the chat that events go to. */
let server: Server;
let stack: TestStack;

const siteOf = (port: number) => `
import { defineConfig } from "@prewarm/shared/config";
const shard = (id: string) => id.length % 4;
export default defineConfig({
  sources: [
    { prefix: "", url: "https://cdn.example.com/originals/{id}" },
    { prefix: "own/", url: (id) => (id.endsWith(".jpg") ? "http://127.0.0.1:${port}/originals/" + id.slice(4) + "?shard=" + shard(id) : null) },
  ],
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
    response.statusCode = told.length === 0 ? 500 : 200;
    told.push({ type: path, by: request.headers.authorization });
    response.end();
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  const arrange = await withSite(siteOf(port), ["edge", "consumer"]);
  stack = await startTestStack({ arrange, secrets: { CHAT_TOKEN: "a-token-of-the-chat" } });
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
  await api("/events/test", "POST");
  const seen = await until(
    "the event is handled",
    () => api("/events"),
    ({ events }) => events[0]?.state === "delivered",
  );
  expect(told.map(({ type, by }) => [type, by])).toEqual(Array(2).fill(["/test", "a-token-of-the-chat"]));
  expect(seen.events[0]).toMatchObject({ endpoint: "chat", said: "handled", tries: 2 });
  expect(JSON.stringify(seen)).not.toContain("a-token-of-the-chat");
});
