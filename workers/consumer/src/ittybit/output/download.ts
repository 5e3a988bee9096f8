import { refusalOf } from "@prewarm/shared/public-address";
import { joined } from "../../platform/bounded-body.ts";
import { errorText } from "../../platform/log.ts";

const TIMEOUT_MS = 30_000;
const MAX_HOPS = 3;

export type Bytes =
  | { kind: "bytes"; bytes: Uint8Array }
  | { kind: "too_large" }
  /** Fewer bytes came than were declared. */
  | { kind: "truncated"; message: string }
  | { kind: "unreachable"; message: string };

export type Download =
  /** The headers are here, the body is not read yet: `bytes` is the most it may take, so that the caller can make room first. */
  | { kind: "open"; bytes: number; read(): Promise<Bytes> }
  /** The host has answered and refuses. That is no failure of the job: its result exists, or did. */
  | { kind: "gone"; status: number; code: "output_expired" | "output_private"; message: string }
  | { kind: "too_large" }
  /** The address is one that must not be fetched. */
  | { kind: "blocked"; message: string }
  /** No answer, a 5xx, or a connection lost on the way: the bytes may still be there. */
  | { kind: "unreachable"; message: string };

interface DownloadSettings {
  fetch: typeof fetch;
  /** Development only: the local emulator serves its results from http on loopback. */
  allowLoopbackHttp: boolean;
  maxBytes: number;
}

/** Follows redirects by hand and judges the address at every hop. No credentials go out. */
async function open(url: string, settings: DownloadSettings, signal: AbortSignal): Promise<Response | Download> {
  let target = new URL(url);
  for (let hop = 0; hop <= MAX_HOPS; hop += 1) {
    const refusal = refusalOf(target, settings.allowLoopbackHttp);
    if (refusal !== null) return { kind: "blocked", message: refusal };
    const response = await settings.fetch(target.href, {
      headers: { accept: "image/*", "accept-encoding": "identity" },
      redirect: "manual",
      signal,
    });
    const location = response.headers.get("location");
    if (response.status < 300 || response.status > 399 || location === null) return response;
    await response.body?.cancel();
    target = new URL(location, target);
  }
  return { kind: "unreachable", message: "the result's URL redirects in circles" };
}

/** What a URL carries when it is signed or runs out. */
const SIGNATURE = ["signature", "x-amz-signature", "expiry", "expires"];

/**
 * What it means that a result is refused. 404 and 410: it is no longer there; so does 403 under a signed URL, which has run out. 401 and 403
 * without any signature: the Ittybit project keeps its files private (access rules), so that none of its results can be fetched.
 */
function refused(status: number, url: URL): Extract<Download, { kind: "gone" }> {
  const isSigned = [...url.searchParams.keys()].some((name) => SIGNATURE.includes(name.toLowerCase()));
  if ((status === 401 || status === 403) && !isSigned) {
    const message = `the result needs a signature (HTTP ${status}): access rules keep the Ittybit project's files private; make them public (docs/ittybit.md)`;
    return { kind: "gone", status, code: "output_private", message };
  }
  return { kind: "gone", status, code: "output_expired", message: `the result's URL answered HTTP ${status}` };
}

/** The length the body must have; null when chunked or encoded (then Content-Length counts other bytes). */
function declaredLength(response: Response): number | null {
  const encoding = response.headers.get("content-encoding") ?? "identity";
  const text = response.headers.get("content-length");
  return encoding === "identity" && text !== null && /^\d+$/.test(text) ? Number(text) : null;
}

async function readBody(response: Response, maxBytes: number): Promise<Bytes> {
  const declared = declaredLength(response);
  const chunks: Uint8Array[] = [];
  let total = 0;
  const reader = response.body?.getReader();
  while (reader !== undefined) {
    const { done, value } = await reader.read();
    if (done) break;
    total += value.byteLength;
    if (total > maxBytes) {
      await reader.cancel().catch(() => undefined);
      return { kind: "too_large" };
    }
    chunks.push(value);
  }
  if (declared !== null && total !== declared)
    return { kind: "truncated", message: `${total} of ${declared} bytes came` };
  return { kind: "bytes", bytes: joined(chunks, total) };
}

function unreachable(error: unknown): { kind: "unreachable"; message: string } {
  return { kind: "unreachable", message: errorText(error) };
}

/** Asks for a result; its body is read, whole or not at all and never beyond `maxBytes`, by `read`. Neither throws. */
export async function openDownload(url: string, settings: DownloadSettings): Promise<Download> {
  try {
    const opened = await open(url, settings, AbortSignal.timeout(TIMEOUT_MS));
    if (!(opened instanceof Response)) return opened;
    const bytes = declaredLength(opened) ?? settings.maxBytes;
    if (opened.ok && bytes <= settings.maxBytes) {
      return { kind: "open", bytes, read: () => readBody(opened, settings.maxBytes).catch(unreachable) };
    }
    await opened.body?.cancel();
    if (opened.ok) return { kind: "too_large" };
    if ([401, 403, 404, 410].includes(opened.status)) return refused(opened.status, new URL(url));
    return { kind: "unreachable", message: `the result's host answered HTTP ${opened.status}` };
  } catch (error) {
    return unreachable(error);
  }
}
