import type { HookAnswer } from "@prewarm/control-schema/hooks";
import { ApiError } from "@prewarm/shared/api-errors";
import { type HookConfig, secretNames } from "@prewarm/shared/config";
import { secretList } from "@prewarm/shared/environment";
import { AppError } from "@prewarm/shared/errors";
import { jobsPerDay } from "@prewarm/shared/hook-days";
import { sha256Hex } from "../intake/accept-stream.ts";
import { DEFAULT_RECIPE } from "../intake/plan-item.ts";
import { enqueueEvents, type HookDeps } from "./enqueue-events.ts";
import type { HookEvent } from "./hook-event.ts";
import { type Faults, hookFault, isRecord } from "./hook-fault.ts";
import { mapBody } from "./mappers/map-body.ts";
import { countRefusal, isLater, noteDelivery, noteOf, noteRefusal, type Strangers } from "./note-delivery.ts";
import { answerSubscription } from "./subscription.ts";
import type { Proof } from "./verifiers/proof.ts";
import { type SenderKeys, verify } from "./verifiers/verify.ts";

export interface ReceiveDeps extends HookDeps, Faults {
  /** A secret by its name in the config, such as HOOK_SECRET, as the environment has it (comma-separated for rotation). */
  secret(name: string): string | undefined;
  strangers: Strangers;
  senderKeys: SenderKeys;
  /** Whether this is a developer's machine. */
  isLocal: boolean;
  fetch: typeof fetch;
}

/** A delivery whose proof is valid. */
interface Proven {
  name: string;
  hook: HookConfig;
  proof: NonNullable<Proof>;
  raw: Uint8Array<ArrayBuffer>;
  headers: Headers;
}

/** Takes one delivery. The list of deliveries has what came of it. Throws the refusal. */
export async function receiveHook(name: string, request: Request, deps: ReceiveDeps): Promise<HookAnswer> {
  const proven = await prove(name, request, deps).catch(async (error: unknown) => {
    const isKnown = isRecord(deps.config.hooks) && Object.hasOwn(deps.config.hooks, name);
    await countRefusal(isKnown ? name : null, error, deps);
    throw error;
  });
  try {
    return await takeDelivery(proven, deps);
  } catch (error) {
    await noteRefusal(name, error, deps);
    throw forSender(error, proven.hook);
  }
}

/** SNS takes an answer below 500 for its last word (docs.aws.amazon.com/sns, read 2026-11), and drops what 429 asks it to send later. */
function forSender(error: unknown, { verifier }: HookConfig): unknown {
  return verifier.kind === "sns" && error instanceof AppError && isLater(error)
    ? new AppError("unavailable", error.details)
    : error;
}

/**
 * The bytes and their proof. Nothing else of the body is read before, and a hook that does not exist is refused as a bad signature is. A
 * hook at fault takes nothing, so that the sender keeps what it has. Throws the refusal.
 */
async function prove(name: string, request: Request, deps: ReceiveDeps): Promise<Proven> {
  const fault = hookFault(name, deps.config, deps);
  if (fault !== null) {
    deps.log("hook.at_fault", { hook: name, fault });
    throw new ApiError("not_configured", { detail: AT_FAULT, retryAfterSeconds: FAULT_RETRY_SECONDS });
  }
  const hook = Object.hasOwn(deps.config.hooks, name) ? deps.config.hooks[name] : undefined;
  // On a developer's machine there is nothing to hide, and a wrong name looks like a wrong signature.
  if (hook === undefined && deps.isLocal)
    throw new AppError("not_found", {
      detail: `There is no hook ${JSON.stringify(name)}, only ${Object.keys(deps.config.hooks).join(", ") || "none"}: add it to prewarm.config.ts.`,
    });
  // biome-ignore lint/plugin: `bounded` holds the request's body
  const raw = new Uint8Array(await request.arrayBuffer());
  const sent = { headers: request.headers, raw, url: request.url, now: deps.clock.now() };
  const proof =
    hook === undefined
      ? null
      : await verify(sent, hook.verifier, {
          secrets: secretsOf(hook, deps),
          keys: deps.senderKeys,
          hook: name,
          log: deps.log,
        });
  if (hook === undefined || proof === null) {
    deps.log("hook.refused", { hook: hook === undefined ? "unknown" : name });
    throw new ApiError("unauthorized");
  }
  return { name, hook, proof, raw, headers: request.headers };
}

/** Shape, events, rows. Throws the refusal. */
async function takeDelivery({ name, hook, proof, raw, headers }: Proven, deps: ReceiveDeps): Promise<HookAnswer> {
  if (proof.subscription !== undefined) return answerSubscription(name, hook, proof.subscription, deps);
  const text = proof.body ?? textOf(raw);
  const hash = await sha256Hex(proof.body ?? raw);
  const mapped = { hook: name, mapper: hook.mapper, log: deps.log };
  const events = (await mapBody({ text, headers }, mapped, deps.config)).map((event) => permitted(event, hook));
  const delivery = `hook:${name}:${proof.id ?? nameByBytes(hash, events, deps.clock.now())}`;
  if (await isRepeat(delivery, hash, deps)) {
    await noteDelivery(noteOf(name, REPEAT), deps);
    return REPEAT;
  }
  const order = {
    events,
    recipe: hook.recipe ?? DEFAULT_RECIPE,
    name,
    title: `Hook ${name}`,
    who: `hook ${name}`,
    most: jobsPerDay(hook),
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

function secretsOf({ verifier }: HookConfig, deps: ReceiveDeps): string[] {
  return secretNames(verifier).flatMap((name) => secretList(deps.secret(name)));
}

function textOf(raw: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(raw);
  } catch {
    throw new ApiError("body_invalid", { detail: "The body is not UTF-8." });
  }
}
