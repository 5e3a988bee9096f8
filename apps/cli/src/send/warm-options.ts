import type { WarmItem } from "@prewarm/control-schema/warm";
import type { Arguments } from "../arguments/command.ts";
import { readCount, readRate } from "../arguments/quantities.ts";
import { usageError } from "../platform/exit-codes.ts";
import { CHUNK_ITEMS_MAX } from "./chunk-items.ts";

/** What `warm` sends with every chunk, and how it cuts them. Kept in the state: a resumed run must send the very same chunks. */
export interface WarmOptions {
  defaults: Pick<WarmItem, "recipe" | "presets" | "transforms">;
  label: string | null;
  force: boolean;
  onlyMissing: boolean;
  chunkItems: number;
}

export function readWarmOptions(args: Arguments): WarmOptions {
  const recipe = args.text("recipe");
  const presets = args.list("preset");
  const transforms = args.list("transform");
  if (args.flag("force") && args.flag("only-missing"))
    throw usageError("--force and --only-missing contradict each other.");
  return {
    defaults: {
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
