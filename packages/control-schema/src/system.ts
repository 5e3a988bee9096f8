import * as z from "zod";
import { CodeVersion, count, described } from "./words.ts";

const versions = {
  version: described(
    CodeVersion,
    "The deployed version of the consumer; null where the platform names none",
  ).nullable(),
  ledger: described(
    CodeVersion,
    "The version that the ledger runs: after a deploy it may still be the one before",
  ).nullable(),
};

export const alive = z.object({ status: z.literal("ok") });
export const ready = z.object({ status: z.literal("ready"), ...versions });
export const notReady = z.object({
  status: z.literal("not ready"),
  ...versions,
  failing: count.meta({ description: "Checks that fail" }),
  reasons: z.array(z.string()).optional().meta({ description: "To callers with a token" }),
});
