import type { HookAnswer } from "@prewarm/control-schema/hooks";
import { ApiError } from "@prewarm/shared/api-errors";
import type { HookConfig } from "@prewarm/shared/config";
import { secretList } from "@prewarm/shared/environment";
import { sha256Hex } from "../intake/accept-stream.ts";
import { DEFAULT_RECIPE } from "../intake/plan-item.ts";
import { parseBody } from "../platform/parse-body.ts";
import { enqueueEvents, type HookDeps } from "./enqueue-events.ts";
import type { HookEvent } from "./hook-event.ts";
import { type Faults, hookFault, isRecord } from "./hook-fault.ts";
import { mapBody } from "./mappers/map-body.ts";
import { note, noteOf, noteRefusal, type Strangers } from "./note-delivery.ts";
import { verify } from "./verify.ts";

export interface ReceiveDeps extends HookDeps, Faults {
  /** A secret by its name in the config, such as HOOK_SECRET, as the environment has it (comma-separated for rotation). */
  secret(name: string): string | undefined;
  strangers: Strangers;
}

/** Takes one delivery, and notes what came of it for operators. Throws the refusal. */
export async function receiveHook(name: string, request: Request, deps: ReceiveDeps): Promise<HookAnswer> {
  try {
    const answer = await takeDelivery(name, request, deps);
    await note([noteOf(name, answer)], deps);
    return answer;
  } catch (error) {
    const isKnown = isRecord(deps.config.hooks) && Object.hasOwn(deps.config.hooks, name);
    await noteRefusal(isKnown ? name : null, error, deps);
    throw error;
  }
}

/**
 * Takes one delivery: bytes, proof, shape, rows. Nothing of the body is read before its proof is, and a hook that does not exist is
 * refused as a bad signature is. A hook at fault takes nothing, so that the sender keeps what it has. Throws the refusal.
 */
async function takeDelivery(name: string, request: Request, deps: ReceiveDeps): Promise<HookAnswer> {
  const fault = hookFault(name, deps.config, deps);
  if (fault !== null) {
    deps.log("hook.at_fault", { hook: name, fault });
    throw new ApiError("not_configured", { detail: AT_FAULT, retryAfterSeconds: FAULT_RETRY_SECONDS });
  }
  const hook = Object.hasOwn(deps.config.hooks, name) ? deps.config.hooks[name] : undefined;
  const raw = new Uint8Array(await request.arrayBuffer());
  const sent = { headers: request.headers, raw, now: deps.clock.now() };
  const proof =
    hook === undefined ? null : await verify(sent, hook.verifier, secretsNamed(hook.verifier.secrets, deps));
  if (hook === undefined || proof === null) {
    deps.log("hook.refused", { hook: hook === undefined ? "unknown" : name });
    throw new ApiError("unauthorized");
  }
  const hash = await sha256Hex(raw);
  const events = mapBody(parseBody(textOf(raw)), hook.mapper, deps.config).map((event) => permitted(event, hook));
  const delivery = `hook:${name}:${proof.id ?? nameByBytes(hash, events, sent.now)}`;
  if (await isRepeat(delivery, hash, deps)) return REPEAT;
  const order = {
    events,
    recipe: hook.recipe ?? DEFAULT_RECIPE,
    name,
    title: `Hook ${name}`,
    who: `hook ${name}`,
    delivery,
    bodyHash: hash,
  };
  const answer = await enqueueEvents(order, deps);
  const { run, accepted, purged, rejected } = answer;
  deps.log("hook.accepted", { hook: name, run, accepted, purged, rejected: rejected.length });
  return answer;
}

const AT_FAULT = "This hook's configuration is at fault. Send it again; /readyz says what is to be mended.";
/** Somebody has to deploy a mended configuration first. */
const FAULT_RETRY_SECONDS = 300;
/** Senders try again for about this long, in ms. */
const RETRY_SPAN_MS = 600_000;

/** What the hook's secrets do not entitle to is refused item by item. */
function permitted(event: HookEvent, { may }: HookConfig): HookEvent {
  if (may === undefined || (event.kind !== "upload" && event.kind !== "delete") || may.includes(event.kind))
    return event;
  return { kind: "rejected", code: "forbidden", message: `This hook may not announce ${event.kind}s.` };
}

/**
 * Names a delivery without a signed id by its bytes. The same bytes are the same event only when they say when it happened: without that, an
 * upload told again after the sender's retries is another upload, and a deletion told again is always done again, because the image may have
 * been uploaded in between.
 */
function nameByBytes(hash: string, events: readonly HookEvent[], now: number): string {
  const unordered = events.filter((event) => "order" in event && event.order === null);
  if (unordered.some(({ kind }) => kind === "delete")) return `sha256:${hash}:${now}`;
  return unordered.length === 0 ? `sha256:${hash}` : `sha256:${hash}:${Math.floor(now / RETRY_SPAN_MS)}`;
}

const REPEAT: HookAnswer = {
  run: null,
  accepted: 0,
  duplicates: 0,
  existing: 0,
  purged: 0,
  ignored: 0,
  rejected: [],
  duplicate: true,
};

/** Whether this very delivery was accepted whole before. An interrupted one is none: it is run again. */
async function isRepeat(delivery: string, hash: string, { ledger }: ReceiveDeps): Promise<boolean> {
  const known = await ledger.findDelivery(delivery);
  if (known === null) return false;
  if (known.hash !== hash)
    throw new ApiError("idempotency_mismatch", { detail: "This delivery's id was used before with another body." });
  return true;
}

function secretsNamed(names: readonly string[], deps: ReceiveDeps): string[] {
  return names.flatMap((name) => secretList(deps.secret(name)));
}

function textOf(raw: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(raw);
  } catch {
    throw new ApiError("body_invalid", { detail: "The body is not UTF-8." });
  }
}
