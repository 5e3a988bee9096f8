import type { Config } from "@prewarm/shared/config";
import { AppError } from "@prewarm/shared/errors";
import { checkId } from "@prewarm/shared/image-id";
import { isPassThrough, resolveOriginal } from "@prewarm/shared/source";
import { expandTransforms, formatTransform, type Transform } from "@prewarm/shared/transform";
import { variantKey } from "@prewarm/shared/variant-key";
import { type WarmItem, warmItem } from "../api/schemas/warm.ts";
import type { AcceptImage } from "../ledger/contract.ts";
import type { RawItem } from "./read-items.ts";

export const DEFAULT_RECIPE = "upload";
/** Expansions kept; a request that writes out more different lists than this only loses speed. */
const MEMO_MAX = 1000;

/** What of an item names its variants. */
export type Wanted = Pick<WarmItem, "recipe" | "presets" | "transforms">;

/** Turns items into variants, under one configuration. */
export class Planner {
  readonly #config: Config;
  readonly #recipe: string;
  readonly #memo = new Map<string, Transform[]>();

  constructor(config: Config, recipe: string = DEFAULT_RECIPE) {
    this.#config = config;
    this.#recipe = recipe;
  }

  /** One item's variants, each once. Throws the item's refusal. */
  plan(raw: RawItem): AcceptImage {
    if ("fault" in raw) throw new AppError("body_invalid", { detail: raw.fault });
    const parsed = warmItem.safeParse(typeof raw.value === "string" ? { id: raw.value } : raw.value);
    if (!parsed.success) throw new AppError("body_invalid", { detail: issueText(parsed.error.issues[0]) });
    const { id, v, sourceEtag, ...wanted } = parsed.data;
    checkOriginal(id, this.#config);
    const keys = new Set(this.transforms(wanted).map((transform) => variantKey(id, transform, v ?? null)));
    return { id, keys: [...keys], order: null, sourceEtag: sourceEtag ?? null };
  }

  /** The transforms that an item's words stand for. Throws `transform_invalid`, saying which and why. */
  transforms(wanted: Wanted): Transform[] {
    const name = JSON.stringify([wanted.recipe, wanted.presets, wanted.transforms]);
    const known = this.#memo.get(name);
    if (known !== undefined) return known;
    const expanded = this.#specs(wanted).flatMap((spec) => expandOrRefuse(spec, this.#config));
    const distinct = [...new Map(expanded.map((transform) => [formatTransform(transform), transform])).values()];
    if (this.#memo.size >= MEMO_MAX) this.#memo.clear();
    this.#memo.set(name, distinct);
    return distinct;
  }

  #specs({ recipe, presets = [], transforms = [] }: Wanted): string[] {
    const named = [...presets.map((preset) => `p=${encodeURIComponent(preset)}`), ...transforms];
    if (recipe === undefined && named.length > 0) return named;
    const name = recipe ?? this.#recipe;
    const { recipes } = this.#config;
    const specs = Object.hasOwn(recipes, name) ? recipes[name] : undefined;
    if (specs === undefined) {
      throw new AppError("transform_invalid", {
        detail: `No recipe has the name ${name}; there are ${Object.keys(recipes).join(", ")}.`,
      });
    }
    return [...specs, ...named];
  }
}

/** Refuses ids that are none, that no source holds, or whose originals are never made into variants. */
export function checkOriginal(id: string, config: Config): void {
  checkId(id);
  if (resolveOriginal(config, id) === null)
    throw new AppError("source_unknown", { detail: "No configured source holds this image." });
  if (isPassThrough(config, id)) {
    throw new AppError("media_type_unsupported", {
      detail: "Originals with this extension are passed through; they have no variants.",
    });
  }
}

function expandOrRefuse(spec: string, config: Config): Transform[] {
  try {
    return expandTransforms(spec, config);
  } catch (error) {
    const detail = error instanceof AppError ? error.message : "It is malformed.";
    throw new AppError("transform_invalid", { detail: `${spec.slice(0, 100)}: ${detail}` });
  }
}

function issueText(issue: { path: PropertyKey[]; message: string } | undefined): string {
  const path = issue?.path.map(String).join(".") ?? "";
  return path === "" ? "An item is an object with an id." : `${path}: ${issue?.message ?? ""}`;
}
