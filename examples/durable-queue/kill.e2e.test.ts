import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { freePort } from "../../dev/listen.ts";
import { tempFolder } from "../../test/temp-folder.ts";
import { LIMITS } from "./limits.ts";
import { Receivers } from "./testing/receivers.ts";

const COUNT = 500;
/** Calls after which the process is killed. */
const KILLS_AT = [100, 300];
const receivers = new Receivers();
const server: Server = createServer(async (request, response) => {
  const { n } = (await json(request)) as { n: number };
  const { call, status, ms } = receivers.begin(n, String(request.headers["idempotency-key"]));
  setTimeout(() => {
    receivers.end(call, status);
    response.writeHead(status, status === 429 ? { "retry-after": "2" } : {}).end();
  }, ms);
});
const state = tempFolder("prewarm-example-");
const temporary = tempFolder("prewarm-example-");
let wrangler: ChildProcess | null = null;
let url = "";

/** The example as its README runs it. */
async function start(): Promise<void> {
  const port = String(await freePort(0, true));
  const root = join(import.meta.dirname, "../..");
  const bin = join(root, "node_modules/wrangler/bin/wrangler.js");
  const args = ["dev", "--config", join(import.meta.dirname, "wrangler.toml"), "--port", port, "--persist-to", state];
  const env = { ...process.env, TMPDIR: temporary };
  wrangler = spawn(process.execPath, [bin, ...args], { cwd: root, detached: true, stdio: "ignore", env });
  url = `http://localhost:${port}`;
  await expect.poll(() => fetch(url).then(({ status }) => status, String), { interval: 200 }).toBe(405);
}

/** Ends the whole process group at once: nothing is flushed. */
async function kill(): Promise<void> {
  if (wrangler?.pid === undefined) return;
  const exited = once(wrangler, "exit");
  process.kill(-wrangler.pid, "SIGKILL");
  await exited;
  wrangler = null;
}

async function post(): Promise<{ status: string }> {
  const to = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  const deliveries = Array.from({ length: COUNT }, (_, n) => ({ id: `d${n}`, url: to, body: { n } }));
  const answer = await fetch(url, {
    method: "POST",
    headers: { "idempotency-key": "batch" },
    body: JSON.stringify(deliveries),
  });
  expect(answer.status).toBe(202);
  return (await answer.json()) as { status: string };
}

beforeAll(() => once(server.listen(0, "127.0.0.1"), "listening"));
afterAll(async () => {
  await kill();
  server.closeAllConnections();
  server.close();
});

it("500 deliveries, two SIGKILLs: none is lost, a repeat has the same key, no more calls than allowed run at once", async () => {
  await start();
  expect(await post()).toMatchObject({ status: "done" });
  for (const at of KILLS_AT) {
    await expect.poll(() => receivers.calls.length, { interval: 10 }).toBeGreaterThan(at);
    await kill();
    expect(receivers.unanswered).toBeGreaterThan(0);
    await start();
    // A sender that does not know whether it was heard repeats its call. That wakes the object, too.
    expect(await post()).toMatchObject({ status: "repeat" });
  }
  await expect.poll(() => receivers.delivered, { interval: 100, timeout: 120_000 }).toBe(COUNT);
  const { calls, doubled, most, taken } = receivers;
  console.log(`${COUNT} deliveries, ${calls.length} calls; at once: ${most}`);
  expect(taken.size).toBe(COUNT);
  expect(doubled).toEqual([]);
  expect(most).toBeLessThanOrEqual(LIMITS.concurrency);
});
