import type { VerifierConfig } from "@prewarm/shared/config";
import { indexOfSecret } from "../../platform/secret-equality.ts";
import { verifyHmac } from "./hmac.ts";
import type { Delivery, Proof } from "./proof.ts";
import { verifyStandardWebhook } from "./standard-webhooks.ts";

/** Whether a delivery comes from whom the hook's configuration says. Every refusal is the same null. */
export async function prove(delivery: Delivery, verifier: VerifierConfig, secrets: readonly string[]): Promise<Proof> {
  switch (verifier.kind) {
    case "standard-webhooks":
      return verifyStandardWebhook(delivery, secrets);
    case "hmac":
      return verifyHmac(delivery, secrets, verifier);
    case "bearer": {
      // With or without the word: some senders can only be given the header's whole value.
      const given = (delivery.headers.get(verifier.header ?? "authorization") ?? "").replace(/^Bearer +/i, "");
      return (await indexOfSecret(given, secrets)) === -1 ? null : { id: null };
    }
    default:
      return verifier satisfies never;
  }
}
