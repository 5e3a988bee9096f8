import type { Config } from "@prewarm/shared/config";
import { AppError } from "@prewarm/shared/errors";
import { verify } from "@prewarm/shared/signature";
import type { Edge, Target } from "../request-context.ts";

const SIGN_IT = "This URL needs a valid signature that has not expired (s, and exp if signed with one).";
/** Said of what is closed, whatever its signature: it tells nothing of that. */
const WAYS_OUT =
  "Without it ladder widths, configured formats and qualities, declared ratios and presets are open, and `v` where access is open;" +
  " of a private original no full size, and at most its source's maxUnsignedPx." +
  " Name it in prewarm.config.ts (presets, or pages), or sign the URL (docs/url.md).";

/** Whether the signature must be checked: it is needed, or one is given. Cheap, so that plain URLs never wait for cryptography. */
export function needsSignature({ inClosedSet }: Target, query: URLSearchParams, { config }: Edge): boolean {
  if (!inClosedSet || config.access === "private") return true;
  // A signature that is not needed is judged all the same: `exp` would be worth nothing if a plain URL could carry it unread.
  return ["s", "exp", "sc"].some((name) => query.has(name));
}

/**
 * Throws `signature_required` unless the signature is right and has not expired. Absent, wrong and expired signatures are refused
 * alike, so that a refusal gives no hint towards a right one.
 */
export async function checkSignature(
  { path, inClosedSet }: Target,
  query: URLSearchParams,
  { config, keys, clock }: Edge,
): Promise<void> {
  const verdict = await verify(path, query, keys, config, Math.floor(clock.now() / 1000));
  // An image's signature opens the URLs of the open set, and no other.
  if (verdict !== "ok" || (query.has("sc") && !inClosedSet))
    throw inClosedSet ? signatureRequired() : refusal(`${SIGN_IT} ${WAYS_OUT}`, config);
}

function refusal(detail: string, { ratios }: Pick<Config, "ratios">): AppError {
  return new AppError("signature_required", { detail, ratios });
}

/** The one refusal of a signature that is absent, wrong or expired. */
export function signatureRequired(): AppError {
  return new AppError("signature_required", { detail: SIGN_IT });
}
