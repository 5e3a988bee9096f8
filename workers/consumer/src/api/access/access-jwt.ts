import { jwtVerify } from "jose";
import * as z from "zod";
import { RemoteKeys, SKEW_SECONDS } from "../../platform/remote-keys.ts";
import type { AccessSettings } from "../deps.ts";

/*
 * Cloudflare Access in front of a hostname sends a JWT (RS256) with every request. Its keys lie at a well-known address of the team,
 * change every six weeks, and the old one stays good for a week (developers.cloudflare.com/cloudflare-one, read 2026-11).
 */

export const ACCESS_HEADER = "cf-access-jwt-assertion";
const CERTS_PATH = "/cdn-cgi/access/certs";

const person = z.object({ email: z.string().max(320).optional(), common_name: z.string().max(320).optional() });

/** Verifies Access's JWTs of one team and application. */
export class AccessVerifier {
  readonly #settings: AccessSettings & { team: string };
  readonly #keys: RemoteKeys;

  constructor(settings: AccessSettings & { team: string }, fetcher: typeof fetch) {
    this.#settings = settings;
    this.#keys = new RemoteKeys(`${settings.team}${CERTS_PATH}`, fetcher);
  }

  /** The e-mail (or the service token's name) of whom Access let in; null for a JWT that proves nothing, and when the keys are out of reach. */
  async verify(jwt: string, nowMs: number): Promise<string | null> {
    try {
      const { payload } = await jwtVerify(jwt, (header) => this.#keys.keyOf(header, nowMs), {
        algorithms: ["RS256"],
        issuer: this.#settings.team,
        audience: this.#settings.aud,
        requiredClaims: ["exp"],
        clockTolerance: SKEW_SECONDS,
        currentDate: new Date(nowMs),
      });
      const { email, common_name } = person.parse(payload);
      return email ?? common_name ?? "access";
    } catch {
      return null;
    }
  }
}
