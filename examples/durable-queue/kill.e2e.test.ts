import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, globSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
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
/** Calls after which the process is killed, or the object is reset. */
const ENDS_AT = { 100: kill, 200: reset, 300: kill };
/** The packages of this repository are not found from there. */
const app = tempFolder("prewarm-example-");
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
const ROOT = join(import.meta.dirname, "../..");

/** The object can be reset from outside. */
const RESET = `import worker, { Mails, Webhooks as Base } from "./worker.ts";
export { Mails };
export class Webhooks extends Base {
  reset() { this.ctx.abort("reset in the middle"); }
}
export default {
  ...worker,
  async fetch(request, env, context) {
    if (!request.url.endsWith("/reset")) return worker.fetch(request, env, context);
    const answer = env.WEBHOOKS.get(env.WEBHOOKS.idFromName("main")).reset();
    return new Response(await answer.then(() => "not reset", String));
  },
};
`;

/** Installs the packed queue with npm in an empty folder, without a network, beside the sources of the example. */
function install(): void {
  const tarballs = tempFolder("prewarm-example-");
  execFileSync(process.execPath, [join(ROOT, "scripts/pack/main.ts"), tarballs, "--only", "queue"]);
  const env = { ...process.env, npm_config_cache: join(tarballs, "cache"), npm_config_offline: "true" };
  const [tarball = ""] = readdirSync(tarballs).filter((name) => name.endsWith(".tgz"));
  execFileSync("npm", ["install", "--no-audit", "--no-fund", join(tarballs, tarball)], {
    cwd: app,
    env,
    stdio: "ignore",
  });
  for (const file of globSync("*.ts", { cwd: import.meta.dirname, exclude: ["*.test.ts"] }))
    cpSync(join(import.meta.dirname, file), join(app, file));
  const config = readFileSync(join(import.meta.dirname, "wrangler.toml"), "utf8");
  writeFileSync(join(app, "wrangler.toml"), config.replace('main = "worker.ts"', 'main = "with-reset.js"'));
  writeFileSync(join(app, "with-reset.js"), RESET);
}
let wrangler: ChildProcess | null = null;
let url = "";

async function start(): Promise<void> {
  const port = String(await freePort(0, true));
  const bin = join(ROOT, "node_modules/wrangler/bin/wrangler.js");
  const args = ["dev", "--config", join(app, "wrangler.toml"), "--port", port, "--persist-to", state];
  const env = { ...process.env, TMPDIR: temporary };
  wrangler = spawn(process.execPath, [bin, ...args], { cwd: app, detached: true, stdio: "ignore", env });
  url = `http://localhost:${port}`;
  await expect.poll(() => fetch(url).then(({ status }) => status, String), { interval: 200 }).toBe(405);
}

/** Ends the whole process group at once: nothing is flushed. */
async function end(): Promise<void> {
  if (wrangler?.pid === undefined) return;
  const exited = once(wrangler, "exit");
  process.kill(-wrangler.pid, "SIGKILL");
  await exited;
  wrangler = null;
}

async function kill(): Promise<void> {
  await end();
  expect(receivers.unanswered).toBeGreaterThan(0);
  await start();
}

async function reset(): Promise<void> {
  const answer = await fetch(`${url}/reset`, { method: "POST" });
  expect(await answer.text()).toContain("reset in the middle");
}

async function post(): Promise<{ status: string }> {
  const to = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  const deliveries = Array.from({ length: COUNT }, (_, n) => ({ id: `d${n}`, url: to, body: { n } }));
  const answer = await fetch(`${url}/webhooks`, {
    method: "POST",
    headers: { "idempotency-key": "batch" },
    body: JSON.stringify(deliveries),
  });
  expect(answer.status).toBe(202);
  return (await answer.json()) as { status: string };
}

beforeAll(async () => {
  install();
  await once(server.listen(0, "127.0.0.1"), "listening");
});
afterAll(async () => {
  await end();
  server.closeAllConnections();
  server.close();
});

it("500 deliveries, two SIGKILLs and a reset: none is lost, a repeat has the same key, no more calls than allowed run at once", async () => {
  await start();
  expect(await post()).toMatchObject({ status: "done" });
  for (const [at, interrupt] of Object.entries(ENDS_AT)) {
    await expect.poll(() => receivers.calls.length, { interval: 10 }).toBeGreaterThan(Number(at));
    await interrupt();
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
