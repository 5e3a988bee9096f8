import type { Ittybit } from "../../ittybit/client.ts";
import type { JobPageLook, JobsAtIttybit } from "./job-looks.ts";

const NO_LIST = [404, 405, 410, 501];
const NO_CURSOR = [400, 404, 410, 422];

/** The collector's reads over the client. */
export function jobsAtIttybit(ittybit: Pick<Ittybit, "get" | "list">): JobsAtIttybit {
  return {
    get: (ittybitJob) => ittybit.get(ittybitJob),
    async list({ after, next }): Promise<JobPageLook> {
      const query = next ?? (after === undefined ? undefined : new URLSearchParams({ limit: "100", after }).toString());
      const look = await ittybit.list(query === undefined ? {} : { next: query });
      const status = "failure" in look ? look.failure.httpStatus : undefined;
      if (status === undefined) return look;
      if (after !== undefined && NO_CURSOR.includes(status)) return { kind: "noCursor" };
      return NO_LIST.includes(status) ? { kind: "noList" } : look;
    },
  };
}
