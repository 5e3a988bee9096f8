import { AppError } from "@prewarm/shared/errors";
import { verify } from "@prewarm/shared/signature";
import type { Edge } from "../request-context.ts";
import type { Target } from "./target.ts";

const SIGN_IT = "This URL needs a valid signature that has not expired (s, and exp if it was signed with one).";
const CLOSED =
  "Unsigned, only ladder widths, configured formats and qualities, and presets are open. Signing is off here.";

/** Whether the signature must be checked: it is needed, or one is given. Cheap, so that plain URLs never wait for cryptography. */
export function needsSignature({ inClosedSet }: Target, query: URLSearchParams, { config }: Edge): boolean {
  if (!inClosedSet || config.signing === "all") return true;
  // A signature that is not needed is judged all the same: `exp` would be worth nothing if a plain URL could carry it unread.
  return config.signing !== "off" && (query.has("s") || query.has("exp"));
}

/**
 * Throws `signature_required` unless the signature is right and has not expired. Absent, wrong and expired signatures are refused
 * alike, so that a refusal gives no hint towards a right one.
 */
export async function checkSignature(
  { path }: Target,
  query: URLSearchParams,
  { config, keys, clock }: Edge,
): Promise<void> {
  if (config.signing === "off") throw new AppError("signature_required", { detail: CLOSED });
  const verdict = await verify(path, query, keys, config, Math.floor(clock.now() / 1000));
  if (verdict !== "ok") throw signatureRequired();
}

/** The one refusal of everything whose signature is absent, wrong or expired. */
export function signatureRequired(): AppError {
  return new AppError("signature_required", { detail: SIGN_IT });
}
