import type { WarmItem } from "@prewarm/control-schema/warm";
import { VERSION_PATTERN } from "@prewarm/shared/parameter-values";
import type { Arguments } from "../arguments/command.ts";
import { readCount, readRate } from "../arguments/quantities.ts";
import { usageError } from "../platform/exit-codes.ts";
import { CHUNK_ITEMS_MAX } from "./chunk-items.ts";

/** What `warm` sends with every chunk, and how it cuts them. Kept in the state: a resumed run must send the very same chunks. */
export interface WarmOptions {
  defaults: Pick<WarmItem, "v" | "recipe" | "presets" | "transforms">;
  label: string | null;
  force: boolean;
  onlyMissing: boolean;
  chunkItems: number;
}

export function readWarmOptions(args: Arguments): WarmOptions {
  const version = readVersionFlag(args);
  const recipe = args.text("recipe");
  const presets = args.list("preset");
  const transforms = args.list("transform");
  if (args.flag("force") && args.flag("only-missing"))
    throw usageError("--force and --only-missing contradict each other.");
  return {
    defaults: {
      ...(version === null ? {} : { v: version }),
      ...(recipe === null ? {} : { recipe }),
      ...(presets.length === 0 ? {} : { presets: [...presets] }),
      ...(transforms.length === 0 ? {} : { transforms: [...transforms] }),
    },
    label: args.text("label"),
    force: args.flag("force"),
    onlyMissing: args.flag("only-missing"),
    chunkItems: chunkItemsFor(readRateFlag(args)),
  };
}

/** The site's version token of `--v`; null: none is given. */
export function readVersionFlag(args: Arguments): string | null {
  const version = args.text("v");
  if (version !== null && !VERSION_PATTERN.test(version)) throw usageError("--v takes 1 to 64 of A–Z a–z 0–9 _ and -.");
  return version;
}

export function readRateFlag(args: Arguments): number | null {
  const text = args.text("rate");
  return text === null ? null : readRate(text, "--rate");
}

export function readMaxErrors(args: Arguments): number | null {
  const text = args.text("max-errors");
  return text === null ? null : readCount(text, "--max-errors", 0);
}

/** A slow rate makes small chunks, so that it is even: about one a second. */
function chunkItemsFor(rate: number | null): number {
  return rate === null ? CHUNK_ITEMS_MAX : Math.min(CHUNK_ITEMS_MAX, Math.max(1, Math.ceil(rate)));
}
