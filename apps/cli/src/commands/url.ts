import type { Command } from "../arguments/command.ts";
import { loadConfig } from "../arguments/load-config.ts";
import { readEdgeUrl } from "../arguments/settings.ts";
import { EXIT } from "../platform/exit-codes.ts";
import { readVersionFlag } from "../send/warm-options.ts";
import { imageUrls } from "../steps/image-urls.ts";
import { plainUrl, signUrl } from "../steps/sign-url.ts";
import { createReport } from "../terminal/report.ts";
import { EXPIRES_FLAG } from "./sign.ts";

export const urlCommand: Command = {
  name: "url",
  description: "Print image URLs, signed where the configuration needs it",
  operands: { hint: "<id…>", description: "Image ids", min: 1, max: Number.POSITIVE_INFINITY },
  flags: {
    transform: { type: "string", valueHint: "query", multiple: true, description: "Such as w=800&f=webp; may repeat" },
    preset: { type: "string", valueHint: "name", multiple: true, description: "A preset; may repeat" },
    recipe: { type: "string", valueHint: "name", description: "Every variant of a recipe" },
    v: { type: "string", valueHint: "token", description: "The site's version token" },
    expires: EXPIRES_FLAG,
  },
  examples: ["prewarm url photo-abc123 --transform 'w=800&f=webp'", "prewarm url photo-abc123 --recipe upload"],
  async run(args, context) {
    const config = await loadConfig(args, context);
    const base = readEdgeUrl(args, context);
    const expires = args.text("expires");
    const asked = {
      ...{ transforms: args.list("transform"), presets: args.list("preset"), recipe: args.text("recipe") },
      version: readVersionFlag(args),
    };
    const urls: string[] = [];
    for (const { path, query, needsSignature } of args.operands.flatMap((id) => imageUrls(id, asked, config))) {
      const image = { base, path, query };
      const signed = expires !== null || needsSignature;
      urls.push(signed ? await signUrl(image, expires, config, { args, context }) : plainUrl(image));
    }
    const report = createReport(args, context);
    if (report.json) report.document("prewarm.urls/1", { urls });
    else for (const url of urls) report.data(url);
    return EXIT.ok;
  },
};
