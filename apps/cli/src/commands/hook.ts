import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import * as z from "zod";
import { createControlApi } from "../api/control-api.ts";
import { seeOutlook } from "../api/outlook.ts";
import type { Arguments, Command } from "../arguments/command.ts";
import { readCount } from "../arguments/quantities.ts";
import { readControlSettings, readControlUrl } from "../arguments/settings.ts";
import type { Context } from "../platform/context.ts";
import { CliError, EXIT, usageError } from "../platform/exit-codes.ts";
import { formatOutlook } from "../send/format-outlook.ts";
import { newWebhookId, signWebhook } from "../steps/sign-webhook.ts";
import { createReport, type Report } from "../terminal/report.ts";

/** A hook's body may be 1 MiB. */
const BODY_MAX_BYTES = 1024 * 1024;

const SECRET_HINT =
  "Set HOOK_SECRET to the secret that this hook's configuration names, and check the hook's name: both are refused alike.";

const ANSWER = z.object({ rejected: z.array(z.unknown()).optional(), accepted: z.number().optional() });

export const hookTestCommand: Command = {
  name: "hook test",
  description: "Send a signed upload event to a hook, or print its headers",
  more: "It enqueues for real. The headers are those of Standard Webhooks, signed with HOOK_SECRET.",
  operands: {
    hint: "<hook> [id…]",
    description: "The hook's name in prewarm.config.ts, such as uploads, and the images that are said to be uploaded",
    min: 1,
    max: Number.POSITIVE_INFINITY,
  },
  flags: {
    id: { type: "string", valueHint: "msg_…", description: "Delivery id (webhook-id). Default: a new one" },
    timestamp: { type: "string", valueHint: "unix", description: "Unix seconds (webhook-timestamp). Default: now" },
    body: { type: "string", valueHint: "file", description: "Send this body instead; `-` is stdin" },
    "dry-run": { type: "boolean", description: "Print the signed headers, and send nothing" },
  },
  examples: [
    "prewarm hook test uploads photo-abc123",
    "prewarm hook test uploads --body event.json --dry-run",
    'echo \'{"id":"photo-abc123"}\' | prewarm hook test uploads --body - --dry-run --json',
  ],
  async run(args, context) {
    const [hook = "", ...images] = args.operands;
    const file = args.text("body");
    const body = file === null ? eventFor(images, context) : await readBody(file, context);
    const headers = sign(body, args, context);
    const report = createReport(args, context);
    if (args.flag("dry-run")) {
      if (report.json) report.document("prewarm.headers/1", { headers });
      else for (const [name, value] of Object.entries(headers)) report.data(`${name}: ${value}`);
      return EXIT.ok;
    }
    // The signature proves who sends: the operator's token is neither needed nor shown.
    const server = { url: readControlUrl(args, context), headers };
    const given = { params: { name: hook }, body: { contentType: "application/json", data: body } };
    const sending = { what: `hook ${hook}`, authHint: SECRET_HINT };
    const answer = await createControlApi(server, context).call("POST /hooks/{name}", given, ANSWER, sending);
    report.data(JSON.stringify(answer));
    await tellOutlook(answer.accepted ?? 0, args, context, report);
    return (answer.rejected ?? []).length > 0 ? EXIT.failed : EXIT.ok;
  },
};

/** What the delivery costs, for a caller who may read the stats. The delivery itself needs no token. */
async function tellOutlook(jobs: number, args: Arguments, context: Context, report: Report): Promise<void> {
  if (jobs === 0) return;
  try {
    const outlook = await seeOutlook(jobs, createControlApi(readControlSettings(args, context), context));
    if (outlook === null) return;
    report.note(`This delivery makes at most ${jobs} jobs:`);
    for (const [name, text] of formatOutlook(outlook)) report.note(`  ${name}: ${text}`);
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
  }
}

function sign(body: string, args: Arguments, { env, clock }: Context): Record<string, string> {
  const secret = env.HOOK_SECRET;
  if (!secret) throw usageError("HOOK_SECRET is not set.", "The local stack prints its own at start.");
  if (body.trim() === "")
    throw usageError("The body is empty: no hook takes that.", "Name a file, or pipe the body in.");
  const timestamp = args.text("timestamp");
  const seconds = timestamp === null ? Math.floor(clock.now() / 1000) : readCount(timestamp, "--timestamp", 0);
  return signWebhook(body, secret, args.text("id") ?? newWebhookId(), seconds);
}

/** The native event (docs/hooks.md). */
function eventFor(images: readonly string[], { clock }: Context): string {
  if (images.length === 0) throw usageError("What is uploaded?", "Name images after the hook, or give a whole --body.");
  const timestamp = new Date(clock.now()).toISOString();
  return JSON.stringify({ type: "image.uploaded", timestamp, data: { items: images.map((id) => ({ id })) } });
}

async function readBody(file: string, context: Context): Promise<string> {
  if (file !== "-") {
    return readFile(resolve(context.cwd, file), "utf8").catch(() => {
      throw usageError(`${file} cannot be read.`);
    });
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of context.stdin) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > BODY_MAX_BYTES) throw usageError("The body is larger than 1 MiB, the most a hook takes.");
  }
  return Buffer.concat(chunks).toString("utf8");
}
