import { isJsonObject } from "../../packages/shared/src/foreign-json.ts";
import type { Exchange } from "../../workers/consumer/src/ittybit/check/recorder.ts";

type Fields = Record<string, unknown>;

const IS_DIALECT: [name: string, is: (job: Fields, isWrapped: boolean) => boolean][] = [
  [
    "the current reference",
    ({ status, output }, isWrapped) => !isWrapped && status === "succeeded" && typeof output === "string",
  ],
  ["the guides", ({ status, output, input }) => status === "completed" && isJsonObject(output) && !isJsonObject(input)],
  ["the SDKs of 2025", ({ output, input }) => isJsonObject(output) && isJsonObject(input)],
  ["the pages of autumn 2025", ({ outputs }, isWrapped) => !isWrapped && Array.isArray(outputs)],
];

/** Whose words a finished job speaks: what the pages say that it looks like. */
export function dialectName(exchanges: readonly Exchange[], jobId: string): string {
  const body = exchanges.findLast(({ method, path }) => method === "GET" && path.endsWith(`/${jobId}`))?.body;
  if (!isJsonObject(body)) return "a dialect that was not seen";
  const isWrapped = isJsonObject(body.data);
  const job = isJsonObject(body.data) ? body.data : body;
  return (
    IS_DIALECT.find(([, is]) => is(job, isWrapped))?.[0] ??
    `a mixture (“${job.status}”; ${Object.keys(job).join(", ")})`
  );
}
