import { ended, submit } from "../../workers/consumer/src/ittybit/check/session.ts";
import type { JobOrder } from "../../workers/consumer/src/ittybit/client.ts";
import type { LabSession } from "./lab-session.ts";
import type { Sent } from "./listen.ts";
import type { Observation } from "./observation.ts";
import { isSigned, jobIn, SIGNATURE_HEADER } from "./read-webhook.ts";

/** For so long after the job's end its hook is waited for. */
const WITHIN_MS = 20_000;
const LOOK_MS = 250;

const WHAT = "a webhook";

/**
 * Whether Ittybit calls the address in a job's order, with which body, and signed how. Only where the operator has a way in to this machine.
 * Prewarm polls and needs no webhook, so nothing that is seen is a difference.
 */
export async function observeWebhook(session: LabSession, order: JobOrder): Promise<Observation[]> {
  const { webhook } = session.options;
  if (webhook === null) return [];
  const path = `/prewarm-check-${session.now().toString(36)}`;
  let sent: Sent | null = null;
  const stop = await session.listen(webhook.port, (one) => {
    if (one.path.endsWith(path)) sent ??= one;
  });
  try {
    const made = await submit(session, { ...order, webhookUrl: `${webhook.url}${path}` });
    if (made.kind !== "made") {
      const why = "failure" in made ? made.failure.message : made.kind;
      return [{ what: WHAT, seen: `webhook_url is refused: ${why}`, differs: null }];
    }
    const { id } = await ended(session, made.job.id);
    const until = session.now() + WITHIN_MS;
    while (sent === null && session.now() < until) await session.sleep(LOOK_MS);
    return [{ what: WHAT, seen: seenOf(sent, id, webhook), differs: null }];
  } finally {
    stop();
  }
}

function seenOf(
  sent: Sent | null,
  id: string,
  { url, port, secrets }: NonNullable<LabSession["options"]["webhook"]>,
): string {
  if (sent === null) return `none within ${WITHIN_MS / 1000} s, if ${url} leads to port ${port} of this machine`;
  const job = jobIn(sent.body);
  if (job === null) return "names no job";
  if (job.id !== id) return `names ${job.id}, and the POST was answered with ${id}`;
  if (isSigned(sent.body, sent.headers, secrets)) return `“${job.said}”, signed`;
  return `“${job.said}”, ${sent.headers.has(SIGNATURE_HEADER) ? "signed with another secret" : "not signed"}`;
}
