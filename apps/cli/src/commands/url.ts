import type { Config } from "@prewarm/shared/config";
import { AppError } from "@prewarm/shared/errors";
import { checkId, formatId } from "@prewarm/shared/image-id";
import { isWithheld } from "@prewarm/shared/source";
import { expandTransforms, formatTransform, parseTransform } from "@prewarm/shared/transform";
import type { Arguments, Command } from "../arguments/command.ts";
import { loadConfig } from "../arguments/load-config.ts";
import { readEdgeUrl } from "../arguments/settings.ts";
import { EXIT, usageError } from "../platform/exit-codes.ts";
import { readVersionFlag } from "../send/warm-options.ts";
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
    const queries = refusing(() => readQueries(args, config));
    const expires = args.text("expires");
    const urls: string[] = [];
    for (const id of args.operands) {
      refusing(() => checkId(id));
      for (const query of queries) {
        const image = { base, path: `/images/${formatId(id)}`, query };
        const signed = expires !== null || needsSignature(id, query, config);
        urls.push(signed ? await signUrl(image, expires, config, context) : plainUrl(image));
      }
    }
    const report = createReport(args, context);
    if (report.json) report.document("prewarm.urls/1", { urls });
    else for (const url of urls) report.data(url);
    return EXIT.ok;
  },
};

/** The queries asked for; none: the default transform. */
function readQueries(args: Arguments, config: Config): string[] {
  const version = readVersionFlag(args);
  const recipe = args.text("recipe");
  const known = Object.keys(config.recipes);
  if (recipe !== null && !known.includes(recipe))
    throw usageError(`There is no recipe ${recipe}; there are ${known.join(", ")}.`);
  const written = recipe === null ? [] : (config.recipes[recipe] ?? []);
  const plain = written.flatMap((spec) => expandTransforms(spec, config).map(formatTransform));
  const given = [
    ...args.list("transform"),
    ...args.list("preset").map((name) => `p=${encodeURIComponent(name)}`),
    ...plain,
  ];
  for (const query of given) parseTransform(query, config);
  const suffix = version === null ? "" : `v=${version}`;
  return (given.length === 0 ? [""] : given).map((query) => [query, suffix].filter((part) => part !== "").join("&"));
}

function needsSignature(id: string, query: string, config: Config): boolean {
  if (config.signing === "all") return true;
  if (config.signing === "off") return false;
  const { closed, transform } = parseTransform(query, config);
  return !closed || isWithheld(config, id, transform);
}

function refusing<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof AppError) throw usageError(error.message);
    throw error;
  }
}
