import type { PageRecord } from "@prewarm/site-pages/read-page";
import { type Counts, newTally, type Tally } from "@prewarm/site-pages/tally";
import { pagesOf } from "../store/list-pages.ts";
import { deleteObjects } from "../store/sweep-image.ts";

/* What a visit has read lies under `sites/<site>/<visit>/` until the visit ends: a Worker has no disk, and less memory than a site has pages. */

/** What is to be read. */
export interface PageList {
  /** Addresses of pages. */
  pages: string[];
  /** The text of robots.txt, by host. */
  robots: Record<string, string>;
}

interface Place {
  site: string;
  visit: number;
}

export function visitStore(bucket: R2Bucket, { site, visit }: Place) {
  const folder = `sites/${site}/`;
  const at = (name: string): string => `${folder}${visit}/${name}`;
  const put = async (name: string, value: unknown): Promise<void> => {
    await bucket.put(at(name), JSON.stringify(value));
  };
  /** Throws when the object is gone. */
  const get = async <T>(name: string): Promise<T> => {
    const object = await bucket.get(at(name));
    if (object === null) throw new Error(`${at(name)} is not stored any more`);
    // biome-ignore lint/plugin: an object that the consumer wrote
    return JSON.parse(await object.text()) as T;
  };
  return {
    putList: (list: PageList) => put("list.json", list),
    list: () => get<PageList>("list.json"),
    putRecords: (chunk: number, records: readonly PageRecord[]) => put(`pages-${chunk}.json`, records),
    async *records(chunks: number): AsyncGenerator<PageRecord> {
      for (let chunk = 0; chunk < chunks; chunk += 1) yield* await get<PageRecord[]>(`pages-${chunk}.json`);
    },
    putTally: (number: number, tally: Tally) => put(`tally-${number}.json`, packed(tally)),
    /** `number`: 0 for a new one, of so many pages. */
    tally: async (number: number, pages: number): Promise<Tally> =>
      number === 0 ? newTally(pages) : unpacked(await get<PackedTally>(`tally-${number}.json`)),
    /** Deletes what this visit and those before it have left. */
    async clear(): Promise<void> {
      const keys: string[] = [];
      for await (const { objects } of pagesOf(bucket, { prefix: folder })) keys.push(...objects.map(({ key }) => key));
      await deleteObjects(bucket, keys);
    },
  };
}

export type VisitStore = ReturnType<typeof visitStore>;

/** A tally as JSON has it. */
interface PackedTally extends Pick<Tally, "counts" | "problems" | "images" | "unchecked"> {
  templates: [string, Counts][];
  pages: Counts[];
  fixes: [
    string,
    Omit<Tally["fixes"] extends Map<string, infer F> ? F : never, "templates"> & { templates: string[] },
  ][];
  asked: string[];
}

/** URLs that are named in a result. */
const PROBLEMS_KEPT = 100;

function packed({ templates, fixes, asked, problems, ...rest }: Tally): PackedTally {
  return {
    ...rest,
    problems: problems.slice(0, PROBLEMS_KEPT),
    templates: [...templates],
    fixes: [...fixes].map(([line, fix]) => [line, { ...fix, templates: [...fix.templates] }]),
    asked: [...asked],
  };
}

function unpacked({ templates, fixes, asked, ...rest }: PackedTally): Tally {
  return {
    ...rest,
    templates: new Map(templates),
    fixes: new Map(fixes.map(([line, fix]) => [line, { ...fix, templates: new Set(fix.templates) }])),
    asked: new Set(asked),
  };
}
