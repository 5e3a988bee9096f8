import { ApiError } from "@prewarm/shared/api-errors";
import type { Config } from "@prewarm/shared/config";
import { AppError } from "@prewarm/shared/errors";
import type { Focal } from "@prewarm/shared/focal";
import { checkId } from "@prewarm/shared/image-id";
import { errorText } from "@prewarm/shared/log";
import { isPassThrough, type Original, resolveOriginal } from "@prewarm/shared/source";
import { expandTransforms, formatTransform, isClosed, type Transform } from "@prewarm/shared/transform";
import { recipesOf } from "@prewarm/shared/upload-recipe";
import { variantKey } from "@prewarm/shared/variant-key";
import type { AcceptImage } from "../images/calls.ts";

export const DEFAULT_RECIPE = "upload";
/** Expansions kept; a request that writes out more different lists than this only loses speed. */
const MEMO_MAX = 1000;

const UNSIGNED =
  "no URL can ask for it, since it needs a signature and SIGNING_KEYS is not set: name it in prewarm.config.ts (presets, or ratios), or set the keys.";

/** What is asked of one image: a warm item and an upload's event are both of this shape. Absent and null are the same. */
export interface Wanted {
  id: string;
  v?: string | null | undefined;
  sourceEtag?: string | null | undefined;
  order?: string | null | undefined;
  recipe?: string | null | undefined;
  presets?: string[] | undefined;
  transforms?: string[] | undefined;
  /** What crops are to show; null: their centre. Undefined: it stays as it is. */
  focal?: Focal | null | undefined;
}

/** Whether a recipe is made, by which an item announces its version. One that only lists variants announces none. */
function isAnnouncement({ recipe = null, presets = [], transforms = [] }: Wanted): boolean {
  return recipe !== null || presets.length + transforms.length === 0;
}

/** Turns items into variants, under one configuration. */
export class Planner {
  readonly #config: Config;
  readonly #recipe: string;
  readonly #canSign: boolean;
  readonly #memo = new Map<string, Transform[]>();

  /** `canSign`: false where no URL is signed, so that what needs a signature would be paid for and never seen. */
  constructor(config: Config, recipe: string = DEFAULT_RECIPE, canSign = true) {
    this.#config = config;
    this.#recipe = recipe;
    this.#canSign = canSign;
  }

  /** One image's variants, each once. Throws the refusal of what is asked. */
  plan(wanted: Wanted): AcceptImage {
    const { id, v = null, sourceEtag = null, order = null, focal } = wanted;
    checkOriginal(id, this.#config);
    const keys = new Set(this.#transforms(wanted).map((transform) => variantKey(id, transform, v)));
    const announced = isAnnouncement(wanted) ? { announces: v } : {};
    return { id, keys: [...keys], order, sourceEtag, ...announced, ...(focal === undefined ? {} : { focal }) };
  }

  /** The transforms that the names stand for. Throws `transform_invalid`, saying which and why. */
  #transforms(wanted: Wanted): Transform[] {
    const name = JSON.stringify([wanted.recipe, wanted.presets, wanted.transforms]);
    const known = this.#memo.get(name);
    if (known !== undefined) return known;
    const expanded = this.#specs(wanted).flatMap((spec) => this.#expand(spec));
    const distinct = [...new Map(expanded.map((transform) => [formatTransform(transform), transform])).values()];
    if (this.#memo.size >= MEMO_MAX) this.#memo.clear();
    this.#memo.set(name, distinct);
    return distinct;
  }

  #expand(spec: string): Transform[] {
    const expanded = expandOrRefuse(spec, this.#config);
    if (this.#canSign || expanded.every((transform) => isClosed(transform, this.#config))) return expanded;
    throw new ApiError("transform_invalid", { detail: `${spec.slice(0, 100)}: ${UNSIGNED}` });
  }

  #specs(wanted: Wanted): string[] {
    const { recipe, presets = [], transforms = [] } = wanted;
    const named = [...presets.map((preset) => `p=${encodeURIComponent(preset)}`), ...transforms];
    if (!isAnnouncement(wanted)) return named;
    const name = recipe ?? this.#recipe;
    const recipes = recipesOf(this.#config);
    const specs = Object.hasOwn(recipes, name) ? recipes[name] : undefined;
    if (specs === undefined) {
      throw new ApiError("transform_invalid", {
        detail: `No recipe has the name ${name}; there are ${Object.keys(recipes).join(", ")}.`,
      });
    }
    return [...specs, ...named];
  }
}

/** Refuses ids that are none, that no source holds, or whose originals are never made into variants. */
function checkOriginal(id: string, config: Config): void {
  checkId(id);
  if (originalOf(id, config) === null)
    throw new ApiError("source_unknown", { detail: "No configured source holds this image." });
  if (isPassThrough(config, id)) {
    throw new ApiError("media_type_unsupported", {
      detail: "Originals with this extension are passed through; they have no variants.",
    });
  }
}

/** Throws `source_unknown` with the reason when a source's function throws. */
function originalOf(id: string, config: Config): Original | null {
  try {
    return resolveOriginal(config, id);
  } catch (error) {
    throw new ApiError("source_unknown", { detail: `A source's function failed: ${errorText(error)}` });
  }
}

function expandOrRefuse(spec: string, config: Config): Transform[] {
  try {
    return expandTransforms(spec, config);
  } catch (error) {
    const detail = error instanceof AppError ? error.message : "It is malformed.";
    throw new ApiError("transform_invalid", { detail: `${spec.slice(0, 100)}: ${detail}` });
  }
}
