import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { PACKAGES } from "@prewarm/shared/packages";
import sharp from "sharp";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, expect, it } from "vitest";
import { freePort } from "../../dev/listen.ts";
import { ROOT, readJson, VERSION } from "../../scripts/pack/package-folder.ts";
import { tempFolder } from "../temp-folder.ts";
import { ask, until } from "./stack.ts";

/*
 * A stranger's first hour: a site of create-prewarm from the packages' tarballs, `prewarm dev` on a folder of pictures, and an upload server
 * of the stranger's own, which knows of Prewarm what the start has printed.
 */

const home = tempFolder("prewarm-first-hour-");
const site = join(home, "shop");
const photos = join(site, "photos");
const program = join(site, "node_modules", PACKAGES.prewarm, "dist/prewarm.mjs");
/** What the start has printed. */
let printed = "";
let edge = "";
let uploads: Server;
const closers: (() => Promise<unknown>)[] = [];

const tarballs = join(home, "tarballs");

/** Unpacks a package's tarball, as npm install would. */
function unpack(only: "prewarm" | "local" | "create", folder: string): void {
  const file = `${PACKAGES[only].replace("@", "").replace("/", "-")}-${VERSION}.tgz`;
  mkdirSync(folder, { recursive: true });
  execFileSync("tar", ["-xzf", join(tarballs, file), "-C", folder, "--strip-components=1"]);
}

/** What the local stack needs of npm: the versions that this repository has installed. */
function linkDependencies(): void {
  const local = join(site, "node_modules", PACKAGES.local);
  const { dependencies } = readJson(join(local, "package.json"));
  for (const name of Object.keys(dependencies as object))
    symlinkSync(join(ROOT, "node_modules", name), join(site, "node_modules", name));
}

/** Nothing of this process's environment but the path: a developer's variables must not steer a stranger's stack. */
function environment(more: Record<string, string>): NodeJS.ProcessEnv {
  const env: Record<string, string | undefined> = { PATH: process.env.PATH, ...more };
  return env as NodeJS.ProcessEnv;
}

async function startDev(): Promise<void> {
  const [PORT, CONTROL_PORT] = [String(await freePort(0, true)), String(await freePort(0, true))];
  const options = { cwd: site, env: environment({ HOME: home, PORT, CONTROL_PORT }) };
  const child = spawn(process.execPath, [program, "dev", "--originals", "./photos"], options);
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (printed += text));
  closers.push(async () => {
    if (child.exitCode !== null || !child.kill("SIGTERM")) return;
    await once(child, "exit");
  });
  const isOver = async () => child.exitCode !== null || /^Hook secret .*\)$/m.test(printed);
  await until("the stack is ready", isOver, (over) => over);
  edge = /^ready edge=(\S+)/m.exec(printed)?.[1] ?? "";
  if (edge === "") throw new Error(printed);
}

/** `PUT /a.jpg` writes the file and announces it, `DELETE` takes both back. Answers what the hook answers. */
async function startUploads(): Promise<Server> {
  const [, secret = "", hook = ""] = /^Hook secret {2}(\S+) .*POST (\S+)\)/m.exec(printed) ?? [];
  const signer = new Webhook(secret);
  const announce = (type: string, id: string) => {
    const at = new Date();
    const body = JSON.stringify({ type, timestamp: at.toISOString(), data: { items: [{ id }] } });
    const message = `msg_${crypto.randomUUID()}`;
    const headers = {
      "content-type": "application/json",
      "webhook-id": message,
      "webhook-timestamp": String(Math.floor(at.getTime() / 1_000)),
      "webhook-signature": signer.sign(message, at, body),
    };
    return fetch(hook, { method: "POST", body, headers });
  };
  const server = createServer(async (request, response) => {
    const id = (request.url ?? "/").slice(1);
    if (request.method === "DELETE") rmSync(join(photos, id));
    else writeFileSync(join(photos, id), Buffer.concat(await request.toArray()));
    const told = await announce(request.method === "DELETE" ? "image.deleted" : "image.uploaded", id);
    response.writeHead(told.status).end(await told.text());
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(async () => server.close());
  return server;
}

function prewarm(...args: string[]): string {
  const options = { cwd: site, env: environment({}) };
  return execFileSync(process.execPath, [program, ...args], { ...options, encoding: "utf8" });
}

async function send(method: "PUT" | "DELETE", id: string, background?: string) {
  const body =
    background === undefined
      ? null
      : await sharp({ create: { width: 2400, height: 1200, channels: 3, background } })
          .jpeg()
          .toBuffer();
  const url = `http://127.0.0.1:${(uploads.address() as AddressInfo).port}/${id}`;
  const answer = await fetch(url, { method, body: body && new Uint8Array(body) });
  return { status: answer.status, answer: (await answer.json()) as { accepted: number; purged: number } };
}

interface Seen {
  variants: { state: string; url: string }[];
}

/** What the dashboard's page of an image knows. */
async function imageOf(id: string): Promise<Seen> {
  const [, control = ""] = /control=(\S+)/.exec(printed) ?? [];
  const [, token = ""] = /^Admin token {2}(\S+)/m.exec(printed) ?? [];
  const headers = { authorization: `Bearer ${token}` };
  return (await fetch(`${control}/api/v1/images/${id}`, { headers })).json() as Promise<Seen>;
}

/** Until all variants of an upload are stored, and the edge shows each of them in this colour. */
function allShow(id: string, variants: number, channel: "r" | "g"): Promise<unknown> {
  const look = async () => {
    const shown = (await imageOf(id)).variants.map(async ({ state, url }) => {
      if (state !== "stored") return state;
      const { dominant } = await sharp((await ask(url)).body).stats();
      return dominant.r > dominant.g ? "r" : "g";
    });
    return Promise.all(shown);
  };
  return until(
    `${variants} variants of ${id} show ${channel}`,
    look,
    (seen) => seen.join("") === channel.repeat(variants),
  );
}

beforeAll(async () => {
  execFileSync(process.execPath, [join(ROOT, "scripts/pack/main.ts"), tarballs], { stdio: "pipe" });
  unpack("create", join(home, "create"));
  const args = [join(home, "create/create-prewarm.mjs"), "shop", "--yes", "--packages", tarballs];
  execFileSync(process.execPath, args, { cwd: home, stdio: "pipe" });
  for (const name of ["prewarm", "local"] as const) unpack(name, join(site, "node_modules", PACKAGES[name]));
  linkDependencies();
  mkdirSync(photos);
  await startDev();
  uploads = await startUploads();
});
afterAll(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

it("an upload of the stranger's own server is stored whole, shown, replaced and removed", async () => {
  const { status, answer } = await send("PUT", "shoe.jpg", "#f00");
  expect([status, answer.accepted > 5]).toEqual([202, true]);
  await allShow("shoe.jpg", answer.accepted, "r");
  const page = `${edge}/images/shoe.jpg?w=640`;
  expect((await ask(page)).status).toBe(200);

  expect((await send("PUT", "shoe.jpg", "#0f0")).status).toBe(202);
  await allShow("shoe.jpg", answer.accepted, "g");

  expect((await send("DELETE", "shoe.jpg")).answer.purged).toBe(1);
  await until(
    "its URL shows no picture",
    () => ask(page),
    (seen) => seen.status !== 200,
  );
  expect((await send("PUT", "shoe.jpg", "#f00")).status).toBe(202);
  await allShow("shoe.jpg", answer.accepted, "r");
  prewarm("remove", "shoe.jpg", "--reason", "asked by the person", "--yes");
  await until(
    "its URL is gone",
    () => ask(page),
    (seen) => seen.status === 410,
  );
});

it("a hook that the site does not have is told by its name", async () => {
  const { origin } = new URL(/POST (\S+)\)/.exec(printed)?.[1] ?? "");
  const answer = await fetch(`${origin}/hooks/upload`, { method: "POST", body: "{}" });
  expect([answer.status, await answer.text()]).toEqual([404, expect.stringContaining('no hook \\"upload\\"')]);
});
