import type { Config } from "@prewarm/shared/config";
import type { Arguments, Command } from "../arguments/command.ts";
import { loadConfig } from "../arguments/load-config.ts";
import { readEdgeUrl } from "../arguments/settings.ts";
import type { Context } from "../platform/context.ts";
import { EXIT, usageError } from "../platform/exit-codes.ts";
import { readVersionFlag } from "../send/warm-options.ts";
import { imageUrls } from "../steps/image-urls.ts";
import { openWhole, plainUrl, readImageUrl, signUrl } from "../steps/sign-url.ts";
import { createReport } from "../terminal/report.ts";

export const urlCommand: Command = {
  name: "url",
  description: "Print image URLs, signed where the configuration needs it",
  more: "A URL, or its path from /images/ on, in the place of an id is signed in any case, with the first of SIGNING_KEYS.",
  operands: {
    hint: "<id|url…>",
    description: "Image ids, or image URLs to sign",
    min: 1,
    max: Number.POSITIVE_INFINITY,
  },
  flags: {
    transform: { type: "string", valueHint: "query", multiple: true, description: "Such as w=800&f=webp; may repeat" },
    preset: { type: "string", valueHint: "name", multiple: true, description: "A preset; may repeat" },
    recipe: { type: "string", valueHint: "name", description: "Every variant of a recipe" },
    v: { type: "string", valueHint: "token", description: "The site's version token" },
    expires: {
      type: "string",
      valueHint: "duration|unix",
      description: "Sign, and let the URL be good until then: 90d, 2h, or Unix seconds. Default: for ever",
    },
    scope: {
      type: "string",
      options: ["image"],
      description: "image: one signature for every URL of the image that needs none under signing: custom",
    },
  },
  examples: [
    "prewarm url photo-abc123 --transform 'w=800&f=webp'",
    "prewarm url photo-abc123 --recipe upload",
    "prewarm url '/images/photo-abc123?w=800&h=450&f=webp' --expires 30d",
    "prewarm url '/images/photo-abc123?w=800' --scope image",
  ],
  async run(args, context) {
    const config = await loadConfig(args, context);
    const urls: string[] = [];
    for (const operand of args.operands)
      urls.push(
        ...(isUrl(operand)
          ? [await signed(operand, config, args, context)]
          : await named(operand, config, args, context)),
      );
    const report = createReport(args, context);
    if (report.json) report.document("prewarm.urls/1", { urls });
    else for (const url of urls) report.data(url);
    return EXIT.ok;
  },
};

/** Flags that say what is asked of an id; a URL says it already. */
const ASKING = ["transform", "preset", "recipe", "v"] as const;

function isUrl(operand: string): boolean {
  return operand.startsWith("/images/") || /^https?:\/\//i.test(operand);
}

function signed(url: string, config: Config, args: Arguments, context: Context): Promise<string> {
  const stray = ASKING.find((flag) => args.list(flag).length > 0);
  if (stray !== undefined) throw usageError(`--${stray} belongs to an id: ${url} says what it asks for.`);
  const image = readImageUrl(url, () => readEdgeUrl(args, context));
  const scoped = args.text("scope") === null ? image : openWhole(image);
  return signUrl(scoped, args.text("expires"), config, { args, context });
}

async function named(id: string, config: Config, args: Arguments, context: Context): Promise<string[]> {
  const [base, expires, scope] = [readEdgeUrl(args, context), args.text("expires"), args.text("scope")];
  const asked = {
    transforms: args.list("transform"),
    presets: args.list("preset"),
    recipe: args.text("recipe"),
    version: readVersionFlag(args),
  };
  const urls: string[] = [];
  for (const { path, query, needsSignature } of imageUrls(id, asked, config)) {
    const image = { base, path, query };
    const isSigned = expires !== null || scope !== null || needsSignature;
    const scoped = scope === null ? image : openWhole(image);
    urls.push(isSigned ? await signUrl(scoped, expires, config, { args, context }) : plainUrl(image));
  }
  return urls;
}
