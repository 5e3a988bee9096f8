import type { JobOrder } from "@prewarm/consumer/ittybit/client";
import { isSigned, jobIn, SIGNATURE_HEADER } from "@prewarm/consumer/ittybit/read-ping";
import type { Sent } from "../platform/listen.ts";
import type { Observation } from "./observation.ts";
import { ended, type Session, submit } from "./session.ts";

/** For so long after the job's end its hook is waited for. */
const WITHIN_MS = 20_000;
const LOOK_MS = 250;

const WHAT = "a webhook";
const COSTS = 'ittybit: { webhooks: "wake" } would bring nothing';

/** Whether Ittybit calls the address in a job's order, with which body, and signed how. Only where the operator has a way in to this machine. */
export async function observeWebhook(session: Session, order: JobOrder): Promise<Observation[]> {
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
      const seen = "failure" in made ? made.failure.message : made.kind;
      return [{ what: WHAT, seen, differs: "it takes no webhook_url", costs: COSTS }];
    }
    const { id } = await ended(session, made.job.id);
    const until = session.now() + WITHIN_MS;
    while (sent === null && session.now() < until) await session.sleep(LOOK_MS);
    return [await judge(sent, id, webhook)];
  } finally {
    stop();
  }
}

async function judge(
  sent: Sent | null,
  id: string,
  { url, port, secrets }: NonNullable<Session["options"]["webhook"]>,
): Promise<Observation> {
  if (sent === null) {
    const costs = `${COSTS}; or ${url} does not lead to port ${port} of this machine`;
    return { what: WHAT, seen: `none within ${WITHIN_MS / 1000} s`, differs: "it does not call webhook_url", costs };
  }
  const job = jobIn(sent.body);
  if (job === null) return { what: WHAT, seen: "names no job", differs: "its webhook names no job", costs: COSTS };
  if (job.id !== id) {
    const differs = "its webhook names a job by another id than its POST was answered with";
    return { what: WHAT, seen: job.id, differs, costs: COSTS };
  }
  const isRight = await isSigned(sent.body, sent.headers, secrets);
  const signature = isRight
    ? "signed"
    : sent.headers.has(SIGNATURE_HEADER)
      ? "signed with another secret"
      : "not signed";
  const seen = `“${job.said}”, ${signature}`;
  const setting = 'ittybit: { webhooks: "wake", publicUrl: … }';
  if (isRight || secrets.length === 0) return { what: WHAT, seen, differs: null, setting };
  const differs = `its webhook is ${signature === "not signed" ? signature : "not signed with ITTYBIT_WEBHOOK_SECRET"}`;
  return {
    what: WHAT,
    seen,
    differs,
    costs: "the consumer refuses its webhooks: unset ITTYBIT_WEBHOOK_SECRET",
    setting,
  };
}
