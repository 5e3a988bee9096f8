import type { FailureClass } from "@prewarm/shared/job";
import { publicText } from "@prewarm/shared/log";
import type { VariantOutcome } from "../images/calls.ts";

/** A job of this handler's or another's that has ended, and that nothing can be stored of. */
export function failed(
  failureClass: FailureClass,
  code: string,
  message: string,
  secrets: readonly string[] = [],
): Extract<VariantOutcome, { kind: "failed" }> {
  const failure = { code, message: publicText(message, secrets) };
  return { kind: "failed", class: failureClass, failure, external: "ended" };
}
