import { ImageAction } from "@prewarm/control-schema/image-actions";
import { IMAGES_PER_CALL } from "@prewarm/shared/limits";
import type * as z from "zod";
import type { ControlApi } from "../api/control-api.ts";
import { type Arguments, type Flag, TIMEOUT_FLAG } from "../arguments/command.ts";
import { readDuration } from "../arguments/quantities.ts";
import type { Context } from "../platform/context.ts";
import { CliError, EXIT, usageError } from "../platform/exit-codes.ts";
import { interrupted } from "../platform/http-request.ts";
import { formatCount } from "../terminal/progress.ts";
import type { Report } from "../terminal/report.ts";
import { confirmByTyping } from "./confirm.ts";
import { NAMING_FLAGS, type NamedImages, nameImages } from "./name-images.ts";

/** Flags of a command that acts on many images. */
export const MANY_FLAGS = {
  ...NAMING_FLAGS,
  "dry-run": { type: "boolean", description: "Only count the images, and name the first ones" },
  wait: { type: "boolean", description: "Wait until the first pass over R2 has deleted everything" },
  timeout: TIMEOUT_FLAG,
} as const satisfies Record<string, Flag>;

/** Between two looks, in ms. */
const LOOK_MS = 1_000;
/** Ids that a count names. */
const SHOWN = 10;

const SEEN = ImageAction.pick({ action: true, images: true, left: true });
type Seen = z.infer<typeof SEEN>;

interface Act {
  kind: "purge" | "remove";
  /** Of a removal. */
  given: { reason?: string; exact?: boolean };
  /** What it does to the images, as `This purges`. */
  verb: string;
}

interface Tools {
  args: Arguments;
  context: Context;
  api: ControlApi;
  report: Report;
}

/** Whether the arguments name one image and nothing of a command on many. */
export function isOfOne(args: Arguments): boolean {
  const flags = [...args.list("file"), ...args.list("folder"), ...args.list("run")];
  return args.operands.length === 1 && flags.length === 0 && !args.flag("dry-run") && !args.flag("wait");
}

/**
 * Purges or removes all images that the arguments name, as one action with one entry of the log. It counts them first.
 * Interrupted it throws 130, and what it has done stays done.
 */
export async function actOnImages(act: Act, tools: Tools): Promise<void> {
  const { args, context, report } = tools;
  if (args.text("timeout") !== null && !args.flag("wait")) throw usageError("--timeout belongs to --wait.");
  const named = await nameImages(args, context, tools.api);
  const { length } = named.ids;
  if (args.flag("dry-run")) return preview(act, named, report);
  if (length === 0) throw usageError("The arguments name no image. Nothing was done.");
  const images = length === 1 ? "1 image" : `${formatCount(length)} images`;
  await confirmByTyping(args, context, `${act.verb} ${images}: ${some(named)}.`, `${act.kind} ${length}`);
  const ordered = await order(act, named, tools);
  const done = args.flag("wait") ? await waitForR2(ordered, tools) : ordered;
  report.end();
  if (report.json) report.document("prewarm.image-action/1", { ...SEEN.parse(done), kind: act.kind });
  else report.data(`${act.kind}: ${images}${done.left === 0 ? ", and R2 has nothing of them" : ""}`);
}

function preview({ kind }: Act, { ids }: NamedImages, report: Report): void {
  const first = ids.slice(0, SHOWN);
  if (report.json) report.document("prewarm.image-action/1", { kind, images: ids.length, first });
  else for (const line of [`${formatCount(ids.length)} images`, ...first]) report.data(line);
  const more = ids.length > SHOWN ? `and ${formatCount(ids.length - SHOWN)} more. ` : "";
  report.note(`${more}Nothing was done.`);
}

function some({ ids }: NamedImages): string {
  return `${ids.slice(0, 3).join(", ")}${ids.length > 3 ? ", …" : ""}`;
}

/** Sends the ids, a call's images each time. */
async function order({ kind, given }: Act, { ids, label }: NamedImages, tools: Tools): Promise<Seen> {
  const { context, api, report } = tools;
  const action = `${kind}_${crypto.randomUUID().replaceAll("-", "").slice(0, 20)}`;
  const more = { ...(label === null ? {} : { label }), ...given };
  let seen: Seen = { action, images: 0, left: 0 };
  while (seen.images < ids.length) {
    const from = seen.images;
    if (context.interrupts.stop.aborted) throw orderEnded(interrupted(), from, ids.length);
    const body = { action, kind, ids: ids.slice(from, from + IMAGES_PER_CALL), from, ...more };
    seen = await api.call("POST /api/v1/image-actions", { body }, SEEN, { what: kind }).catch((error: unknown) => {
      throw orderEnded(error, from, ids.length);
    });
    report.update({ label: "ordering", unit: "images", done: seen.images, total: ids.length, failed: 0, throttled: 0 });
  }
  return seen;
}

/** Says how many images were done before the error. */
function orderEnded(error: unknown, done: number, total: number): unknown {
  if (!(error instanceof CliError) || done === 0) return error;
  const said = `${formatCount(done)} of ${formatCount(total)} images are done, and stay so. The same command does the others too.`;
  return new CliError(error.exitCode, error.message, said, ...error.hints);
}

/** Resolves when R2 has nothing of the images. Throws 4 at the deadline, 130 when interrupted; the passes go on in both. */
async function waitForR2(action: Seen, { args, context, api, report }: Tools): Promise<Seen> {
  const { clock, interrupts } = context;
  const timeout = args.text("timeout");
  const deadline =
    timeout === null ? Number.POSITIVE_INFINITY : clock.now() + readDuration(timeout, "--timeout") * 1000;
  const params = { action: action.action };
  for (let seen = action; ; ) {
    const { images: total, left } = seen;
    report.update({ label: "deleting", unit: "images", done: total - left, total, failed: 0, throttled: 0 });
    if (left === 0) return seen;
    if (clock.now() >= deadline) throw notYet(seen);
    await context.sleep(Math.min(LOOK_MS, Math.max(1, deadline - clock.now())), interrupts.stop);
    if (interrupts.stop.aborted) throw interrupted();
    seen = await api.call("GET /api/v1/image-actions/{action}", { params }, SEEN, { what: "the action", deadline });
  }
}

function notYet({ images, left }: Seen): CliError {
  const done = `Not done when --timeout ran out: ${formatCount(images - left)} of ${formatCount(images)} images.`;
  return new CliError(EXIT.unreachable, done, "All are ordered, and R2 is emptied without us.");
}
