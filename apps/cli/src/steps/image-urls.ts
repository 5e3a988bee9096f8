import type { Config } from "@prewarm/shared/config";
import { AppError } from "@prewarm/shared/errors";
import { checkId, formatId } from "@prewarm/shared/image-id";
import { isWithheld } from "@prewarm/shared/source";
import { expandTransforms, formatTransform, parseTransform } from "@prewarm/shared/transform";
import { recipesOf } from "@prewarm/shared/upload-recipe";
import { usageError } from "../platform/exit-codes.ts";

/** What is asked of an image; nothing: the default transform. */
interface Asked {
  transforms: readonly string[];
  presets: readonly string[];
  /** Every variant of this recipe. */
  recipe: string | null;
  version: string | null;
}

interface AskedUrl {
  /** Percent-encoded, from `/images/` on. */
  path: string;
  query: string;
  /** The edge refuses it without a signature. */
  needsSignature: boolean;
}

/** The URLs of an image, by the configuration alone. Throws a usage error for what no URL can ask for. */
export function imageUrls(id: string, asked: Asked, config: Config): AskedUrl[] {
  try {
    checkId(id);
    return readQueries(asked, config).map((query) => ({
      path: `/images/${formatId(id)}`,
      query,
      needsSignature: needsSignature(id, query, config),
    }));
  } catch (error) {
    if (error instanceof AppError) throw usageError(error.message);
    throw error;
  }
}

function readQueries({ transforms, presets, recipe, version }: Asked, config: Config): string[] {
  const known = Object.keys(recipesOf(config));
  if (recipe !== null && !known.includes(recipe))
    throw usageError(`There is no recipe ${recipe}; there are ${known.join(", ")}.`);
  const written = recipe === null ? [] : (recipesOf(config)[recipe] ?? []);
  const plain = written.flatMap((spec) => expandTransforms(spec, config).map(formatTransform));
  const given = [...transforms, ...presets.map((name) => `p=${encodeURIComponent(name)}`), ...plain];
  for (const query of given) parseTransform(query, config);
  const suffix = version === null ? "" : `v=${version}`;
  return (given.length === 0 ? [""] : given).map((query) => [query, suffix].filter((part) => part !== "").join("&"));
}

function needsSignature(id: string, query: string, config: Config): boolean {
  if (config.access === "private") return true;
  const { closed, transform } = parseTransform(query, config);
  return !closed || isWithheld(config, id, transform);
}
