import { createServer, type Server, type ServerResponse } from "node:http";
import sharp from "sharp";
import type { OutputFault } from "../faults/fault-rule.ts";
import type { JobRecord } from "../jobs/job-record.ts";
import type { Encoded } from "../pixels/real-pixels.ts";
import type { EmulatorState } from "./emulator-state.ts";
import { readTarget, sendText } from "./http-io.ts";

const HTML = "<!doctype html><title>Error</title><h1>Something went wrong</h1>";
const ZEROS = Buffer.alloc(64 * 1024);
/** Marks a redirect's target, so that the fault does not strike it again. */
const DIRECT = "direct";

function sendBytes(response: ServerResponse, { bytes, format }: Encoded): void {
  response.writeHead(200, { "content-type": `image/${format}`, "content-length": bytes.byteLength });
  response.end(bytes);
}

/** Promises all bytes, sends half of them, and hangs up. */
function sendTruncated(response: ServerResponse, { bytes, format }: Encoded): void {
  response.writeHead(200, { "content-type": `image/${format}`, "content-length": bytes.byteLength });
  response.write(bytes.subarray(0, bytes.byteLength >> 1), () => response.socket?.destroy());
}

/** The right picture as another format, under the content type that was asked for. */
async function sendMislabelled(response: ServerResponse, { bytes, format }: Encoded): Promise<void> {
  const other = await sharp(bytes)
    .toFormat(format === "png" ? "jpeg" : "png")
    .toBuffer();
  response.writeHead(200, { "content-type": `image/${format}`, "content-length": other.byteLength });
  response.end(other);
}

/** Begins like the real output and goes on with zeros; stops when the reader does. */
function sendHuge(response: ServerResponse, { bytes, format }: Encoded, total: number): void {
  response.writeHead(200, { "content-type": `image/${format}`, "content-length": Math.max(total, bytes.byteLength) });
  response.write(bytes);
  let left = total - bytes.byteLength;
  const pump = (): void => {
    while (left > 0 && !response.destroyed) {
      const chunk = left < ZEROS.byteLength ? ZEROS.subarray(0, left) : ZEROS;
      left -= chunk.byteLength;
      if (!response.write(chunk)) return void response.once("drain", pump);
    }
    response.end();
  };
  pump();
}

function sendFault(response: ServerResponse, fault: OutputFault, encoded: Encoded, path: string): Promise<void> | void {
  const type = { "content-type": `image/${encoded.format}` };
  switch (fault.as) {
    case "403":
    case "404":
    case "500":
      return sendText(response, Number(fault.as), "<Error/>", { "content-type": "application/xml" });
    case "html":
      return sendText(response, 200, HTML, { "content-type": "text/html" });
    case "truncated":
      return sendTruncated(response, encoded);
    case "empty":
      return sendText(response, 200, "", type);
    case "mislabelled":
      return sendMislabelled(response, encoded);
    case "chunked":
      response.writeHead(200, { ...type, "transfer-encoding": "chunked" });
      return void response.end(encoded.bytes);
    case "cut":
      response.writeHead(200, { ...type, "transfer-encoding": "chunked" });
      return void response.end(encoded.bytes.subarray(0, encoded.bytes.byteLength >> 1));
    case "untyped":
      response.writeHead(200, { "content-type": "application/octet-stream" });
      return void response.end(encoded.bytes);
    case "huge":
      return sendHuge(response, encoded, fault.bytes);
    case "redirect":
      return sendText(response, 302, "", { location: fault.location ?? `${path}?${DIRECT}=1` });
    case "hang":
      return;
    case "reset":
      return void response.socket?.destroy();
    default:
      return fault.as satisfies never;
  }
}

/** The job an output path names, unless it has no output here or its URL has expired. */
function jobOf(emulator: EmulatorState, path: string): JobRecord | undefined {
  const fileId = /^\/org_local\/([a-z0-9_]+)\.\w+$/.exec(path)?.[1];
  const job = fileId === undefined ? undefined : emulator.store.ofFile(fileId);
  if (!job?.output?.url.endsWith(path)) return undefined;
  const { outputTtlMs } = emulator.settings;
  const age = emulator.clock.now() - (job.finishedAt ?? 0);
  return outputTtlMs !== null && age >= outputTtlMs ? undefined : job;
}

/** @returns the HTTP status, or the name of the fault that was sent instead */
async function serve(emulator: EmulatorState, response: ServerResponse, url: URL): Promise<number | string> {
  const job = jobOf(emulator, url.pathname);
  const encoded = job?.output ? emulator.renderer.output(job.output.cacheKey) : undefined;
  if (job === undefined || encoded === undefined) {
    sendText(response, 404, "<Error/>", { "content-type": "application/xml" });
    return 404;
  }
  job.downloads += 1;
  const subject = { input: job.input, options: job.options, jobId: job.id };
  const fault = url.searchParams.has(DIRECT) ? undefined : emulator.faults.forOutput(subject);
  if (fault === undefined) {
    sendBytes(response, encoded);
    return 200;
  }
  await sendFault(response, fault, encoded, url.pathname);
  return fault.as;
}

/** Serves outputs without asking for a key, as a content store does; the service does not document it. */
export function createOutputServer(emulator: EmulatorState): Server {
  return createServer((request, response) => {
    const url = readTarget(request, response, emulator.outputUrl);
    if (url === null) return;
    if (request.headers.authorization !== undefined) emulator.requests.count("output", "with authorization");
    if (request.method !== "GET" && request.method !== "HEAD")
      return sendText(response, 405, "", { allow: "GET, HEAD" });
    void serve(emulator, response, url).then(
      (outcome) => emulator.requests.count("output", outcome),
      () => response.destroy(),
    );
  });
}
