import { AppError } from "@prewarm/shared/errors";
import { jwtVerify } from "jose";
import { RemoteKeys, SKEW_SECONDS } from "../../platform/remote-keys.ts";
import type { Delivery, Proof, SettingsOf } from "./proof.ts";

/*
 * Google signs a push of Pub/Sub by a JWT of the subscription's service account (cloud.google.com/pubsub/docs/authenticate-push-subscriptions,
 * read 2026-11): RS256, `iss` https://accounts.google.com, `email` with `email_verified`, `aud` as the subscription says, else the push
 * endpoint's address; it lives for an hour. The token proves the sender, and TLS carries the body.
 */

const KEYS_ADDRESS = "https://www.googleapis.com/oauth2/v3/certs";
const ISSUERS = ["https://accounts.google.com", "accounts.google.com"];
/** Characters of a token that are looked at; it has about 900. */
const TOKEN_MAX_CHARS = 4096;
/** The age of a token, in seconds. */
const LIFE_SECONDS = 3600;

export function createGoogleKeys(fetcher: typeof fetch): RemoteKeys {
  return new RemoteKeys(KEYS_ADDRESS, fetcher);
}

/** Throws `unavailable` when Google's keys cannot be read. */
export async function verifyGoogleOidc(
  { headers, url, now }: Delivery,
  { emails, audience = url }: SettingsOf<"google-oidc">,
  keys: RemoteKeys,
): Promise<Proof> {
  const jwt = (headers.get("authorization") ?? "").replace(/^Bearer +/i, "");
  if (jwt === "" || jwt.length > TOKEN_MAX_CHARS) return null;
  try {
    const { payload } = await jwtVerify(jwt, (header) => keys.keyOf(header, now), {
      algorithms: ["RS256"],
      issuer: ISSUERS,
      audience,
      requiredClaims: ["exp", "iat"],
      maxTokenAge: LIFE_SECONDS,
      clockTolerance: SKEW_SECONDS,
      currentDate: new Date(now),
    });
    const isListed = emails.some((email) => email === payload.email);
    return isListed && payload.email_verified === true ? { id: null } : null;
  } catch (error) {
    if (error instanceof AppError)
      throw new AppError("unavailable", { detail: "Google's keys cannot be read now. Send it again." });
    return null;
  }
}
