import { parseForeignJson } from "@prewarm/shared/foreign-json";
import { readBoundedText } from "@prewarm/shared/read-at-most";
import * as z from "zod";

/** Rows as Analytics Engine's SQL API answers them: what is no number may be a number's text. */
export type AnalyticsRow = Record<string, unknown>;

export interface Analytics {
  /** The dataset that the edge writes. */
  dataset: string;
  /** Throws, with a sentence, when it is refused or does not answer in time. */
  query(sql: string): Promise<AnalyticsRow[]>;
}

/** Longest wait for one query, in ms: the page has the rest of the ten seconds that it waits. */
const WAIT_MS = 6_000;
const ANSWER_MAX_BYTES = 2_000_000;
const REASON_MAX_CHARS = 200;

const answer = z.object({ data: z.array(z.record(z.string(), z.unknown())) });

/**
 * Analytics Engine's SQL API over HTTP: no binding of a Worker reads a dataset
 * (developers.cloudflare.com/analytics/analytics-engine/sql-api, read 2026-11).
 */
export function createAnalytics(
  { url, account, token, dataset }: { url: string; account: string; token: string; dataset: string },
  fetcher: typeof fetch,
): Analytics {
  return {
    dataset,
    query: async (sql) => {
      const fault = faultOf({ account, token, dataset });
      if (fault !== null) throw new Error(fault);
      const response = await fetcher(`${url}/accounts/${encodeURIComponent(account)}/analytics_engine/sql`, {
        method: "POST",
        headers: { Authorization: `Bearer ${token}` },
        body: `${sql} FORMAT JSON`,
        redirect: "manual",
        signal: AbortSignal.timeout(WAIT_MS),
      });
      const text = await readBoundedText(response, ANSWER_MAX_BYTES);
      if (response.status !== 200) throw new Error(`it answers ${response.status}: ${text.slice(0, REASON_MAX_CHARS)}`);
      return answer.parse(parseForeignJson(text)).data;
    },
  };
}

function faultOf({ account, token, dataset }: { account: string; token: string; dataset: string }): string | null {
  const given = { VIEWS_DATASET: dataset, ANALYTICS_ACCOUNT_ID: account, ANALYTICS_TOKEN: token };
  const missing = Object.entries(given).flatMap(([name, value]) => (value === "" ? [name] : []));
  if (missing.length > 0) return `${missing.join(" and ")} ${missing.length === 1 ? "is" : "are"} not set`;
  // It stands in the query's text.
  return /^\w{1,64}$/.test(dataset) ? null : `VIEWS_DATASET: ${dataset} is no dataset's name`;
}
