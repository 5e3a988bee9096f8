import type { Exchange } from "./recorder.ts";

type Fields = Record<string, unknown>;

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const IS_DIALECT: [name: string, is: (job: Fields, isWrapped: boolean) => boolean][] = [
  [
    "the current reference",
    ({ status, output }, isWrapped) => !isWrapped && status === "succeeded" && typeof output === "string",
  ],
  ["the guides", ({ status, output, input }) => status === "completed" && isFields(output) && !isFields(input)],
  ["the SDKs of 2025", ({ output, input }) => isFields(output) && isFields(input)],
  ["the pages of autumn 2025", ({ outputs }, isWrapped) => !isWrapped && Array.isArray(outputs)],
];

/** Whose words a finished job speaks: what the pages say that it looks like. */
export function dialectName(exchanges: readonly Exchange[], jobId: string): string {
  const body = exchanges.findLast(({ method, path }) => method === "GET" && path.endsWith(`/${jobId}`))?.body;
  if (!isFields(body)) return "a dialect that was not seen";
  const isWrapped = isFields(body.data);
  const job = isFields(body.data) ? body.data : body;
  return (
    IS_DIALECT.find(([, is]) => is(job, isWrapped))?.[0] ??
    `a mixture (“${job.status}”; ${Object.keys(job).join(", ")})`
  );
}
