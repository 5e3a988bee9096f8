import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { receiptFile } from "@prewarm/control-schema/receipt-file";
import type { AnyReceipt } from "@prewarm/control-schema/receipts";
import type { Arguments, Flag } from "../arguments/command.ts";
import type { Context } from "../platform/context.ts";
import { usageError } from "../platform/exit-codes.ts";

export const SAVE_FLAG = {
  type: "string",
  valueHint: "file",
  description: "Write the signed receipt into this file, for `prewarm receipt --verify` and openssl",
} as const satisfies Flag;

/** Writes a receipt and its signature where `--save` says. */
export async function saveReceipt(
  args: Arguments,
  { cwd }: Pick<Context, "cwd">,
  { receipt, signature }: { receipt: AnyReceipt; signature: string | null },
): Promise<void> {
  const file = args.text("save");
  if (file === null || signature === null) return;
  await writeFile(resolve(cwd, file), receiptFile(receipt, signature)).catch(() => {
    throw usageError(`${file} cannot be written.`);
  });
}
