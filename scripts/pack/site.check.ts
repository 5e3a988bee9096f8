import type { Config, UserConfig } from "prewarm/config";
import { DEFAULTS, defineConfig } from "prewarm/config";
import { createConsumer } from "prewarm/consumer";
import { createEdge } from "prewarm/edge";
import { cloudinary } from "prewarm/legacy/cloudinary";
import { next } from "prewarm/legacy/next";
import { createRewriter } from "prewarm/rewriter";

// A site in TypeScript of every check, with Workers of its own and what a library might export: packages.test.ts compiles it.

export const user: UserConfig = { sources: [{ prefix: "", url: "https://cdn.example.com/{id}" }] };
export const site: Config = defineConfig({ ...user, deploy: { staging: {}, production: { edge: "a.example.com" } } });
// @ts-expect-error: a width is a number.
defineConfig({ ...user, pages: { widths: ["400"] } });
export const widths: readonly number[] = DEFAULTS.pages.widths;

defineConfig({ ...user, legacy: [cloudinary({ cloud: "demo" }), next()] });
// @ts-expect-error: the name of a cloud is a text.
cloudinary({ cloud: 1 });

export const edge = createEdge(site);
export const rewriter = createRewriter(site, { from: "/uploads/" });
// @ts-expect-error: it must know which images are the site's.
createRewriter(site, {});
const consumer = createConsumer(site);
export class Ledger extends consumer.Ledger {}
export class Misses extends consumer.Misses {}
export const worker = {
  ...consumer.worker,
  fetch: (request: Request, env: object, context: { waitUntil(work: Promise<unknown>): void }) =>
    request.url.endsWith("/own") ? new Response("mine") : consumer.worker.fetch(request, env, context),
};
