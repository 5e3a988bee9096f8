import { readFile, rename, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { createHtml, type KnownImage } from "@prewarm/client/html";
import { ImageInfo, ImageInfos } from "@prewarm/control-schema/info";
import { publicConfig } from "@prewarm/shared/public-config";
import * as z from "zod";
import { type ControlApi, createControlApi } from "../api/control-api.ts";
import type { Command } from "../arguments/command.ts";
import { loadConfig } from "../arguments/load-config.ts";
import { readControlSettings, readEdgeUrl } from "../arguments/settings.ts";
import { filesOf, PAGE_BYTES_MAX } from "../input/read-pages.ts";
import { sayRouter } from "../pages/client-router.ts";
import { rewritePage } from "../pages/rewrite-page.ts";
import { EXIT, usageError } from "../platform/exit-codes.ts";
import { interrupted } from "../platform/http-request.ts";
import { formatCount } from "../terminal/progress.ts";
import { createReport } from "../terminal/report.ts";

/** Ids of one call, and images that are remembered from page to page. */
const CHUNK_MAX = 1000;
const KNOWN_MAX = 20_000;

const Known = ImageInfo.pick({ id: true, width: true, height: true, lqip: true, widths: true, version: true });
const INFOS = ImageInfos.extend({ images: z.array(Known) });

export const rewriteCommand: Command = {
  name: "rewrite",
  description: "Give the images of built pages what is warm",
  more: "That is srcset, sizes and lazy loading.",
  operands: {
    hint: "<folder|file…>",
    description: "Built pages, which are changed in place",
    min: 1,
    max: Number.POSITIVE_INFINITY,
  },
  flags: {
    from: {
      type: "string",
      valueHint: "path",
      description: "What the `src` of the site's images begins with, such as /uploads/; what follows is the id",
    },
    placeholder: { type: "boolean", description: "Put the tiny picture behind each image, by an inline style" },
    "dry-run": { type: "boolean", description: "Only count" },
  },
  examples: [
    "prewarm rewrite dist --from /uploads/",
    "prewarm rewrite dist --from https://www.example.com/uploads/ --dry-run",
  ],
  graceful: true,
  async run(args, context) {
    const from = args.text("from");
    if (from === null)
      throw usageError("--from is missing.", "It is what the src of your images begins with, such as /uploads/");
    const config = publicConfig(await loadConfig(args, context));
    const placeholder = args.flag("placeholder");
    const html = createHtml({ ...config, baseUrl: readEdgeUrl(args, context), from, placeholder });
    const api = createControlApi(readControlSettings(args, context), context);
    const report = createReport(args, context);
    const counts = { pages: 0, changed: 0, images: 0, unknown: 0 };
    const known = new Map<string, KnownImage | null>();
    const said = new Set<string>();
    for (const place of args.operands) {
      for (const file of await filesOf(place, context)) {
        if (context.interrupts.stop.aborted) throw interrupted();
        if (/\.css$/i.test(file)) continue;
        counts.pages += 1;
        const path = resolve(context.cwd, file);
        const bytes = await readFile(path);
        const text = bytes.toString("utf8");
        // What is no UTF-8 would not stay byte by byte.
        if (bytes.length > PAGE_BYTES_MAX || !Buffer.from(text).equals(bytes)) {
          report.note(`${file} stays as it is: it is no UTF-8, or too large.`);
          continue;
        }
        const { page, images, unknown } = await rewritePage(text, html, (ids) => infoOf(ids, known, api));
        const router = images > 0 ? sayRouter(text) : null;
        if (router !== null && !said.has(router)) report.note(router);
        said.add(router ?? "");
        counts.images += images;
        counts.unknown += unknown;
        if (page === text) continue;
        counts.changed += 1;
        if (!args.flag("dry-run")) await replaceFile(path, page);
      }
    }
    if (report.json) report.document("prewarm.rewrite/1", counts);
    else
      report.data(
        `${formatCount(counts.images)} images in ${formatCount(counts.changed)} of ${formatCount(counts.pages)} pages`,
      );
    if (!report.json && counts.unknown > 0)
      report.note(`${formatCount(counts.unknown)} images stay as they are: nothing of them is stored (prewarm warm).`);
    return EXIT.ok;
  },
};

/** Asks at most once for a thousand images that no page before had. */
async function infoOf(ids: readonly string[], known: Map<string, KnownImage | null>, api: ControlApi) {
  if (known.size > KNOWN_MAX) known.clear();
  const asked = ids.filter((id) => !known.has(id));
  for (let at = 0; at < asked.length; at += CHUNK_MAX) {
    const body = { ids: asked.slice(at, at + CHUNK_MAX) };
    const { images, unknown } = await api.call("POST /api/v1/info", { body }, INFOS, { what: "info" });
    for (const one of images) known.set(one.id, one as KnownImage);
    for (const id of unknown) known.set(id, null);
  }
  return known;
}

/** Written beside and renamed: a crash leaves the old page or the new one. */
async function replaceFile(path: string, text: string): Promise<void> {
  const draft = `${path}.${process.pid}.tmp`;
  await writeFile(draft, text);
  await rename(draft, path);
}
