import { join } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { afterAll, expect, it, vi } from "vitest";
import { useSharedStack } from "../../../test/e2e/shared-stack.ts";
import { ask } from "../../../test/e2e/stack.ts";
import { emptyDirectory } from "./testing/run-prewarm.ts";

/** `prewarm mcp` as an agent starts it: the real client over stdio, and the whole local stack behind it. */

const MAIN = join(import.meta.dirname, "../src/main.ts");

const stack = useSharedStack();
const clients: Client[] = [];

afterAll(() => Promise.all(clients.map((client) => client.close())));

async function connect(args: readonly string[], token = stack().adminToken) {
  const client = new Client({ name: "test", version: "0" });
  const env = { PREWARM_URL: stack().controlUrl, PREWARM_EDGE_URL: stack().edgeUrl, ADMIN_TOKEN: token };
  await client.connect(
    new StdioClientTransport({ command: process.execPath, args: [MAIN, "mcp", ...args], env, cwd: emptyDirectory() }),
  );
  clients.push(client);
  return async (name: string, given: Record<string, unknown> = {}) => {
    const { content, isError = false } = await client.callTool({ name, arguments: given });
    const [{ text }] = content as [{ text: string }];
    return { isError, text };
  };
}

it("warms an image by tools alone, and says why before", async () => {
  const call = await connect(["--write"]);
  const items = [{ id: "mcp/faces.jpg", transforms: ["w=320&f=webp"] }];
  expect(JSON.parse((await call("estimate", { items })).text)).toMatchObject({ jobs: 1, variants: 1 });
  await call("pause", { lanes: ["bulk"], reason: "a look first" });
  expect(JSON.parse((await call("warm", { items, label: "by an agent" })).text)).toMatchObject({ accepted: 1 });
  const waiting = JSON.parse((await call("image", { image: "mcp/faces.jpg" })).text);
  expect(waiting).toMatchObject({ counts: { queued: 1 }, waiting: [{ waitingFor: { code: "paused" } }] });
  expect(waiting.waiting[0].waitingFor.text).toContain("a look first");
  await call("resume");
  await vi.waitFor(
    async () =>
      expect(JSON.parse((await call("image", { image: "mcp/faces.jpg" })).text).counts).toEqual({ stored: 1 }),
    { timeout: 60_000, interval: 500 },
  );
  expect((await ask(`${stack().edgeUrl}/images/mcp/faces.jpg?w=320&f=webp`)).status).toBe(200);
  expect(JSON.parse((await call("runs", { limit: 1 })).text).runs).toMatchObject([{ label: "by an agent" }]);
});

it("tells a viewer's token no, in words, and reads for it", async () => {
  const call = await connect(["--write"], stack().viewerToken);
  const refused = await call("purge", { id: "mcp/faces.jpg" });
  expect(refused).toMatchObject({ isError: true, text: expect.stringContaining("(forbidden)") });
  expect(refused.text).toContain("only reads");
  expect(JSON.parse((await call("status")).text)).toHaveProperty("health.sentence");
  expect(JSON.parse((await call("budget")).text)).toMatchObject({ budget: { monthlyJobs: 100_000 } });
});

it("has no tool that writes without --write", async () => {
  const call = await connect([]);
  expect(await call("purge", { id: "mcp/faces.jpg" })).toMatchObject({ isError: true });
});
