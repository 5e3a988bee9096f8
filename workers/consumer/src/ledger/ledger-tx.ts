import { ImageTx } from "../images/image-tx.ts";
import { CallbackMemory } from "./callback-memory.ts";
import { refuseHooks, webhookAddress } from "./webhook-address.ts";

/** A transaction of the ledger. Ittybit may be told an address to call. */
export class LedgerTx extends ImageTx {
  get callbacks(): CallbackMemory {
    return this.memory.of(CallbackMemory);
  }

  override callbackAddress(): string | null {
    return webhookAddress(this);
  }

  override callbackRefused(): void {
    refuseHooks(this);
  }
}
