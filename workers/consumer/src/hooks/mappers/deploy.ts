import { ApiError } from "@prewarm/shared/api-errors";
import type { DeploySender } from "@prewarm/shared/config";
import * as z from "zod";
import type { HookEvent } from "../hook-event.ts";

/*
 * What services send when a deploy has ended, as far as it is needed (read 2026-11): vercel.com/docs/webhooks/webhooks-api,
 * docs.netlify.com/site-deploys/notifications, developers.cloudflare.com/notifications/reference/webhook-payload-schema and
 * docs.github.com/webhooks (`deployment_status`). Only a deploy of production that has succeeded changes what visitors see.
 */

const vercel = z
  .object({
    type: z.string().max(100),
    payload: z.object({ target: z.string().nullish(), deployment: z.object({ id: z.string() }) }),
  })
  .transform(({ type, payload: { target } }) => ({
    isOver: type === "deployment.succeeded" || type === "deployment.promoted",
    isLive: type === "deployment.promoted" || target === "production",
    said: type,
  }));

const netlify = z
  .object({ id: z.string(), site_id: z.string(), state: z.string().max(100), context: z.string().nullish() })
  .transform(({ state, context }) => ({ isOver: state === "ready", isLive: context === "production", said: state }));

/** The policy of the notification says which project it is about; its other fields are there where Cloudflare tells them. */
const pages = z
  .object({
    alert_type: z.string().max(100),
    data: z.looseObject({ event: z.string().optional(), environment: z.string().optional() }),
  })
  .transform(({ alert_type, data: { event = DONE, environment = LIVE } }) => ({
    isOver: alert_type === "pages_event_alert" && event === DONE,
    isLive: environment === LIVE,
    said: `${alert_type} ${event}`.slice(0, 100),
  }));
const DONE = "EVENT_DEPLOYMENT_SUCCESS";
const LIVE = "ENVIRONMENT_PRODUCTION";

/** GitHub sends other events to a hook too, such as `ping`; they have no `deployment_status`. */
const github = z
  .object({
    deployment_status: z.object({ state: z.string().max(100), environment: z.string().max(300) }).optional(),
    deployment: z.object({ production_environment: z.boolean().optional() }).optional(),
  })
  .transform(({ deployment_status: status, deployment }) => ({
    isOver: status?.state === "success",
    isLive: deployment?.production_environment === true || /^production\b/i.test(status?.environment ?? ""),
    said: status?.state ?? "no deployment_status",
  }));

const BODIES = { vercel, netlify, "cloudflare-pages": pages, github } as const satisfies Record<
  DeploySender,
  z.ZodType
>;

/** A deploy of production has succeeded, or there is nothing to do. Throws `body_invalid`. */
export function mapDeploy(body: unknown, { from, sites }: { from: DeploySender; sites: readonly string[] }): HookEvent {
  const parsed = BODIES[from].safeParse(body);
  if (!parsed.success) throw new ApiError("body_invalid", { detail: `The body is no deploy of ${from}.` });
  const { isOver, isLive, said } = parsed.data;
  if (!isOver) return { kind: "ignored", reason: said };
  return isLive ? { kind: "deployed", sites } : { kind: "ignored", reason: "no deploy of production" };
}
