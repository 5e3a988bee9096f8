/** What a job's error code means and what mends it. docs/runbook.md is printed from it; a test holds it to the codes that the consumer writes. */

interface JobError {
  /** What becomes of the job by itself. */
  fate: "no dead letter" | "tried again" | "dead letter" | "tried again once" | "held back";
  cause: string;
  cure: string;
}

export const JOB_ERRORS: Readonly<Record<string, JobError>> = {
  missing: {
    fate: "no dead letter",
    cause: "The source answers 404 or 410, or the bucket has no such key.",
    cure: "Upload the original; a hook for it, or the next view after a while, asks again.",
  },
  unsupported: {
    fate: "no dead letter",
    cause:
      "The original is no picture that Ittybit converts (SVG, for instance), or its header is damaged. Viewers get it as it is.",
    cure: "None is needed; or replace the original.",
  },
  unshowable: {
    fate: "no dead letter",
    cause:
      "The original is empty, a TIFF, a JPEG XL or a web page: few browsers or none show it, so viewers get the placeholder.",
    cure: "Replace the original. A web page in its place is mostly a sign-in or error page of its host.",
  },
  animated: {
    fate: "no dead letter",
    cause: "The original moves, and a variant would not. Viewers get it as it is.",
    cure: "None is needed.",
  },
  too_large: {
    fate: "no dead letter",
    cause:
      "More bytes or pixels than `limits.originalMaxBytes` and `originalMaxPixels`, or longer than `originalMaxEdge`.",
    cure: "Raise the limit if Ittybit takes such originals, or make the original smaller.",
  },
  source_unknown: {
    fate: "dead letter",
    cause: "No source of the configuration has a prefix of this id.",
    cure: "Add the source, deploy, retry the group.",
  },
  source_unbound: {
    fate: "dead letter",
    cause: "A source names a bucket that the consumer is not bound to.",
    cure: "Write its name into `buckets` of `deploy.<env>` in prewarm.config.ts, run `npm run tables`, deploy, retry the group. `prewarm check` finds it beforehand.",
  },
  original_unaddressable: {
    fate: "dead letter",
    cause:
      "The original lies in a private bucket, and `EDGE_URL` or `SIGNING_KEYS` is not set, so Ittybit can be given no address.",
    cure: "Set both ([originals](originals.md)), retry the group.",
  },
  original_redirected: {
    fate: "dead letter",
    cause: "The original's address redirects to another host, which is no source.",
    cure: "Write the final address into the source.",
  },
  original_unreachable: {
    fate: "tried again",
    cause:
      "The originals' host does not answer, answers 5xx or refuses. If it does so for all originals, one job at a time asks it, and the others wait.",
    cure: "Look at the host and its firewall: it must let the consumer and Ittybit in. Then retry the group.",
  },
  original_unreadable: {
    fate: "tried again",
    cause: "The start of the original could not be read to an end.",
    cure: "Fetch it yourself; replace it if it is cut off.",
  },
  upstream_rejected: {
    fate: "dead letter",
    cause: "Ittybit refuses the request for this job (400, 413, 415, 422). The message is its own.",
    cure: "Read the message. If all jobs meet it, `prewarm ittybit check` shows which part of its API has changed.",
  },
  upstream_failed: {
    fate: "tried again once",
    cause: "Ittybit made the job and it failed there, mostly because of the original.",
    cure: "Read the message, open the original. Retry after replacing it.",
  },
  upstream_cancelled: {
    fate: "tried again",
    cause: "Somebody cancelled the job at Ittybit.",
    cure: "Find out who; then retry.",
  },
  upstream_lost: {
    fate: "tried again",
    cause: "Ittybit does not know the job any more.",
    cure: "None, if rare. Often: `ITTYBIT_API_KEY` was changed to another account's.",
  },
  upstream_conflict: {
    fate: "tried again",
    cause:
      "An earlier POST of this job was not answered, and its repetition is refused: Ittybit may have taken the first. No job shows that is its.",
    cure: "None, if rare. Read the message: it may refuse the request itself, as `upstream_rejected` does.",
  },
  upstream_unavailable: {
    fate: "tried again",
    cause: "Ittybit answers 5xx. Many of them open the breaker.",
    cure: "Wait; see [Ittybit is down](runbook.md#ittybit-is-down-or-answers-402).",
  },
  upstream_unreachable: {
    fate: "tried again",
    cause: "No connection to Ittybit, or no answer in time.",
    cure: "Is `ITTYBIT_API_URL` right? Otherwise wait.",
  },
  upstream_unreadable: {
    fate: "tried again",
    cause: "Ittybit's answer is no JSON, or has no id.",
    cure: "Is `ITTYBIT_API_URL` its API, and not a page? `prewarm ittybit check`.",
  },
  output_missing: {
    fate: "tried again",
    cause: "The job is done and names no result.",
    cure: "Look at the job at Ittybit by its id.",
  },
  output_expired: {
    fate: "tried again",
    cause:
      "The result's address had ended, or its file was gone, for ten minutes in which the job was read again and again for a fresh address. The message names the host and its answer.",
    cure: "None, if rare: a new job makes the variant. Often: Ittybit deletes results sooner than they are fetched, look for `batch.failed`.",
  },
  output_private: {
    fate: "tried again",
    cause:
      "The results' host refused the result for ten minutes, and its address carries no signature: access rules may keep the files of the Ittybit project private. The message names the host and its answer.",
    cure: "Make them public ([ittybit](internals/ittybit.md)). While no result can be fetched, the breaker stops new jobs, and closes when a result is stored.",
  },
  output_unreachable: {
    fate: "tried again",
    cause:
      "The results' host gave no answer, or another one than the result (5xx, 429), for ten minutes. The message names the host and its answer.",
    cure: "None, if rare: a new job makes the variant. Often: ask Ittybit about that host.",
  },
  output_blocked: {
    fate: "tried again",
    cause: "The result's address is none that may be fetched: a private host, or a redirect to one.",
    cure: "Is `ITTYBIT_API_URL` a test server? Then set `ALLOW_LOOPBACK` there, and only there.",
  },
  output_too_large: {
    fate: "dead letter",
    cause: "The result has more bytes than a variant may have.",
    cure: "Ask for fewer pixels, or a lower quality.",
  },
  output_metadata: {
    fate: "dead letter",
    cause:
      "The result's structure is damaged or of an unusual kind, so that metadata (position, author) cannot be taken out of it. Nothing is stored that may hold some.",
    cure: "Ask for another format: take this one out of `formats`. A report is welcome.",
  },
  output_invalid: {
    fate: "tried again",
    cause:
      "The result is a picture of another format or size than was asked for; or for ten minutes its host gave a page, nothing or a part of it.",
    cure: "Look at the job at Ittybit by its id; a report is welcome if it repeats.",
  },
  crashed: {
    fate: "held back",
    cause: "Its handler was cut off. Such a job runs alone, and is a dead letter after three times.",
    cure: "Look at the logs of that minute for memory or time; then retry one.",
  },
  key_unreadable: {
    fate: "dead letter",
    cause: "The row's key is no variant key: an older or newer version wrote it.",
    cure: "Cancel it; ask for the image again.",
  },
  internal: {
    fate: "tried again",
    cause:
      "A mistake of ours, of no fault of Ittybit's or the original's; `job.unexpected` in the logs has the text, too.",
    cure: "Report it with that text.",
  },
};
