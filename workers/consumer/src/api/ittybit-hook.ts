import { IttybitHookAnswer } from "@prewarm/control-schema/hooks";
import { ApiError } from "@prewarm/shared/api-errors";
import { secretList } from "@prewarm/shared/environment";
import type { Context } from "hono";
import * as z from "zod";
import { isSigned, jobIn } from "../ittybit/read-ping.ts";
import { wrongToken } from "./access/guard.ts";
import type { ApiDeps } from "./deps.ts";
import { type ApiEnv, unread } from "./endpoint.ts";
import { answer, refusal } from "./responses.ts";

/** 32 bytes in base64url. Anything else costs no call of the ledger. */
const TOKEN = /^[A-Za-z0-9_-]{43}$/;

/** Ittybit's own calls: an authenticated ping makes the ledger look at the job that it names. Nothing else is read. */
export const ittybitHook = [
  // Unread: the signature is of the raw bytes.
  unread(
    "public",
    {
      method: "post",
      path: "/ittybit/{token}",
      tags: ["hooks"],
      summary: "Ittybit announces that a job has ended",
      description:
        "The address is the same for all jobs and causes nothing but a look at the job that the body names. With `ITTYBIT_WEBHOOK_SECRET` the body must be signed too. The body is at most 64 kB, in any of the shapes that Ittybit's guides show.",
      security: [],
      request: {
        params: z.object({ token: z.string().max(43) }),
        body: { required: true, content: { "application/json": { schema: z.unknown() } } },
      },
      responses: {
        200: answer(IttybitHookAnswer, "Noted"),
        400: refusal("The right address, but no body that names a job"),
        401: refusal("A wrong token or signature, or webhooks are off"),
        429: refusal("Too many wrong tokens from this network; see Retry-After"),
        503: refusal("The ledger is unreachable: send it again"),
      },
    },
    async (c, deps) => {
      await receive(c, deps);
      return c.json({ status: "taken" as const }, 200);
    },
  ),
];

/** The answer to a wrong token or signature does not depend on the body. */
async function receive(c: Context<ApiEnv>, deps: ApiDeps): Promise<void> {
  const { config, clock, ledger, wrongTokens, unknownPings } = deps;
  const token = c.req.param("token") ?? "";
  const address = c.req.header("CF-Connecting-IP") ?? null;
  // Ittybit may stand behind the same network as a guesser: then polling finds its ends.
  const wait = wrongTokens.wait(address, clock.now());
  if (wait > 0) throw new ApiError("too_many_requests", { retryAfterSeconds: wait });
  if (config.ittybit.webhooks === "off" || !TOKEN.test(token)) throw new ApiError("unauthorized");
  // Answered 200, so that Ittybit does not send late webhooks again.
  if (unknownPings.wait(address, clock.now()) > 0) return;
  // biome-ignore lint/plugin: `bounded` holds the request's body
  const raw = new Uint8Array(await c.req.raw.arrayBuffer());
  const secrets = secretList(deps.secret("ITTYBIT_WEBHOOK_SECRET"));
  const isProven = secrets.length === 0 || (await isSigned(raw, c.req.raw.headers, secrets));
  const job = jobIn(raw)?.id ?? null;
  // The ledger counts a wrong signature as it counts a wrong token.
  const said = await ledger.pinged(isProven ? token : "", job);
  if (said === "refused") throw wrongToken(address, deps);
  if (said === "unknown") unknownPings.count(address, clock.now());
  if (job === null) throw new ApiError("body_invalid", { detail: "The body names no job." });
}
