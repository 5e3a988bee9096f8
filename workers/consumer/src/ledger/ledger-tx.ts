import type { Row } from "@prewarm/durable-queue/schema/row";
import { encodedIdOfKey } from "@prewarm/shared/variant-key";
import { isEdgeCacheOn, variantStored } from "../images/cache-purges.ts";
import { ImageTx } from "../images/image-tx.ts";
import { CallbackMemory } from "./callback-memory.ts";
import { refuseHooks, webhookAddress } from "./webhook-address.ts";

/** A transaction of the ledger. Ittybit may be told an address to call. */
export class LedgerTx extends ImageTx {
  get callbacks(): CallbackMemory {
    return this.memory.of(CallbackMemory);
  }

  /** The edge's copies are old where the result took the place of another one. */
  override resultStored({ key, floor }: Row): void {
    if (isEdgeCacheOn(this)) variantStored(this, encodedIdOfKey(key), Math.max(floor, this.fenceOf(key)));
  }

  override callbackAddress(): string | null {
    return webhookAddress(this);
  }

  override callbackRefused(): void {
    refuseHooks(this);
  }
}
