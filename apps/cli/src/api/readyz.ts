import { readBoundedText } from "@prewarm/shared/read-at-most";
import type { Context } from "../platform/context.ts";
import { interrupted, reasonOf, unreachable } from "../platform/http-request.ts";

/** Bytes that are read; the answer has about 2 kB. */
const MAX_BYTES = 64_000;

/** What `/readyz` of a consumer answers. 503 is an answer too, with its reasons. Throws CliError where the consumer does not answer. */
export async function askReadyz(
  context: Context,
  url: string,
  { headers, signal }: { headers: Record<string, string>; signal: AbortSignal },
): Promise<{ status: number; text: string }> {
  try {
    const response = await context.fetch(`${url}/readyz`, { headers, redirect: "manual", signal });
    return { status: response.status, text: await readBoundedText(response, MAX_BYTES) };
  } catch (error) {
    throw context.interrupts.now.aborted ? interrupted() : unreachable({ url }, reasonOf(error));
  }
}
