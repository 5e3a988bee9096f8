import { z } from "@hono/zod-openapi";
import { secretList } from "@prewarm/shared/environment";
import { AppError } from "@prewarm/shared/errors";
import type { Context } from "hono";
import { generationIn } from "../ittybit/webhooks/hook-address.ts";
import { readHook } from "../ittybit/webhooks/read-hook.ts";
import { wrongToken } from "./access/guard.ts";
import type { ApiDeps } from "./deps.ts";
import { type ApiEnv, unread } from "./endpoint.ts";
import { answer, refusal } from "./schema-words.ts";

const taken = z.object({ status: z.literal("taken") }).openapi("IttybitHookAnswer");

/** Ittybit's own calls. The address is the proof; whatever the body says, the ledger looks for itself. */
export const ittybitHook = [
  // Unread: the raw bytes are what is signed.
  unread(
    "public",
    {
      method: "post",
      path: "/ittybit/{gen}/{token}",
      tags: ["hooks"],
      summary: "Ittybit tells that a job has ended",
      description:
        "The address stands in the job's own order and opens nothing but a look at that job. The body is at most 64 kB, in any of the shapes that Ittybit's guides show.",
      security: [],
      request: {
        params: z.object({ gen: z.string().max(16), token: z.string().max(22) }),
        body: { required: true, content: { "application/json": { schema: z.unknown() } } },
      },
      responses: {
        200: answer(taken, "Noted"),
        400: refusal("The right address, but no body that names a job"),
        401: refusal("No job was told this address, or webhooks are off"),
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

/** One call of the ledger a hook, so its body is read before the token is judged. The answer to a wrong token does not depend on it. */
async function receive(c: Context<ApiEnv>, deps: ApiDeps): Promise<void> {
  const { config, clock, ledger, wrongTokens } = deps;
  const token = c.req.param("token") ?? "";
  const gen = generationIn(c.req.param("gen") ?? "", token);
  const address = c.req.header("CF-Connecting-IP") ?? null;
  // Whoever guesses costs the ledger ten calls. Should Ittybit stand behind the same network, its jobs are looked for all the same.
  const wait = wrongTokens.wait(address, clock.now());
  if (wait > 0) throw new AppError("too_many_requests", { retryAfterSeconds: wait });
  if (config.ittybit.webhooks === "off" || gen === null) throw new AppError("unauthorized");
  const raw = new Uint8Array(await c.req.raw.arrayBuffer());
  const hook = await readHook(raw, c.req.raw.headers, secretList(deps.secret("ITTYBIT_WEBHOOK_SECRET")));
  if ((await ledger.hooked(gen, token, hook)) === "refused") throw wrongToken(address, deps);
  if (hook === null) throw new AppError("body_invalid", { detail: "The body names no job." });
}
