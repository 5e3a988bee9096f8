import type { Config } from "@prewarm/shared/config";
import { AppError } from "@prewarm/shared/errors";
import { parseId } from "@prewarm/shared/image-id";
import { isWithheld } from "@prewarm/shared/source";
import { parseTransform } from "@prewarm/shared/transform";
import type { Command } from "../arguments/command.ts";
import { loadConfig } from "../arguments/load-config.ts";
import { readEdgeUrl } from "../arguments/settings.ts";
import { EXIT, usageError } from "../platform/exit-codes.ts";
import { type ImageUrl, signUrl } from "../steps/sign-url.ts";
import { createReport } from "../terminal/report.ts";

export const EXPIRES_FLAG = {
  type: "string",
  valueHint: "duration|unix",
  description: "The URL is good until then: 90d, 2h, or Unix seconds. Default: for ever",
} as const;

export const signCommand: Command = {
  name: "sign",
  description: "Sign image URLs with the first of SIGNING_KEYS",
  operands: {
    hint: "<url…>",
    description: "Image URLs, or their paths (`/images/a?w=777`)",
    min: 1,
    max: Number.POSITIVE_INFINITY,
  },
  flags: {
    expires: EXPIRES_FLAG,
    scope: {
      type: "string",
      valueHint: "scope",
      options: ["image"],
      description: "image: one signature for every URL of the image that needs none under access: open",
    },
  },
  examples: [
    "prewarm sign '/images/photo-abc123?w=800&h=450&f=webp' --expires 30d",
    "prewarm sign '/images/photo-abc123?w=800' --scope image",
  ],
  async run(args, context) {
    const config = await loadConfig(args, context);
    const urls = [];
    for (const operand of args.operands) {
      const image = readImageUrl(operand, () => readEdgeUrl(args, context));
      const isNew = args.text("scope") !== null && !/(^|&)sc=/.test(image.query);
      if (isNew) image.query += `${image.query && "&"}sc=image`;
      checkImage(image, config);
      urls.push(await signUrl(image, args.text("expires"), config, { args, context }));
    }
    const report = createReport(args, context);
    if (report.json) report.document("prewarm.urls/1", { urls });
    else for (const url of urls) report.data(url);
    return EXIT.ok;
  },
};

function readImageUrl(text: string, edgeUrl: () => string): ImageUrl {
  const whole = text.startsWith("/") ? edgeUrl() + text : text;
  const at = whole.indexOf("/images/");
  if (!URL.canParse(whole) || at === -1) throw usageError(`“${text}” is no image URL: it has no /images/ in its path.`);
  const [path = "", query = ""] = (whole.slice(at).split("#")[0] ?? "").split("?");
  const kept = query.split("&").filter((part) => part !== "" && !/^(s|exp)=/.test(part));
  return { base: whole.slice(0, at), path, query: kept.join("&") };
}

/** Refuses what the edge would refuse: a signed URL that answers 400 helps nobody. */
function checkImage({ path, query }: ImageUrl, config: Config): void {
  try {
    const id = parseId(path.slice("/images/".length));
    const { closed, transform } = parseTransform(query, config);
    const isOpen = closed && !isWithheld(config, id, transform);
    if (/(^|&)sc=/.test(query) && !isOpen)
      throw usageError(`${path}?${query} is not open: an image's signature (sc) opens what needs none.`);
  } catch (error) {
    if (error instanceof AppError) throw usageError(`${path}: ${error.message}`);
    throw error;
  }
}
