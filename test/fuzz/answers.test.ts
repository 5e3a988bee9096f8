import { AppError } from "@prewarm/shared/errors";
import { publicText } from "@prewarm/shared/log";
import { refusalOf } from "@prewarm/shared/public-address";
import fc from "fast-check";
import { it } from "vitest";
import { applySearch } from "../../workers/consumer/src/api/search.ts";
import { ANY_JOB } from "../../workers/consumer/src/console/calls.ts";
import { type IttybitJob, readJob } from "../../workers/consumer/src/ittybit/dialects.ts";
import { readError } from "../../workers/consumer/src/ittybit/read-error.ts";
import { readPage } from "../../workers/consumer/src/ittybit/read-page.ts";
import {
  beginnings,
  type Change,
  changed,
  changes,
  corpusOf,
  DEEP_ARRAYS,
  DEEP_ERRORS,
  fuzz,
  prefixes,
  type Recipe,
  recipes,
  textOf,
} from "./fuzz.ts";

const JOB = {
  id: "job_1",
  kind: "image",
  status: "succeeded",
  output: "https://cdn.ittybit.net/out.webp",
  metadata: { prewarm: "a" },
  created_at: 1_760_000_000,
};
const TASKS = [{ kind: "export", status: "completed", output: { url: "https://a.example/x" } }];
const ANSWERS: readonly unknown[] = [
  JOB,
  {
    meta: {},
    data: { id: "task_1", status: "completed", outputs: [{ url: "https://a.example/x" }], tasks: TASKS },
    error: null,
  },
  { data: [JOB, JOB], links: { next: "https://api.ittybit.com/jobs?page=2&limit=2" } },
  [JOB, { id: "job_2", status: "failed", error: { error: { message: "no", kind: "x" } } }],
  { error: { message: "https://a.example/?key=1", code: "bad" } },
];
const LINKS = [
  "<",
  ">",
  ";",
  ",",
  " ",
  'rel="next"',
  "rel=next",
  "https://a/?after=1",
  "?page=2",
  "=",
  "next",
  "rel=prev",
  "#",
];

interface Answer {
  body: unknown;
  link: Recipe;
}

/** An answer as the corpus keeps it. */
interface Kept {
  seed: number;
  changes: Change[];
  link: Recipe;
}

const NEXT = '<https://api.ittybit.com/jobs?page=2&limit=2>; rel="next", <https://api.ittybit.com/jobs>; rel=prev';

function judge(job: IttybitJob | null): void {
  if (job === null) return;
  if (job.id === "" || job.id.length > 200) throw new Error("an id that is none");
  if (job.output === null) return;
  if (!/^https?:/i.test(job.output)) throw new Error(`the output ${job.output}`);
  if (URL.canParse(job.output)) refusalOf(new URL(job.output), false);
}

it("Ittybit's answers: a job with a usable id, or none", () => {
  const madeOf = ({ seed, changes: all, link }: Kept): Answer => ({ body: changed(ANSWERS[seed], all), link });
  const made = fc.record({ seed: fc.nat(ANSWERS.length - 1), changes, link: recipes(LINKS) }).map(madeOf);
  const bodies = ANSWERS.flatMap((answer) => [...beginnings(answer)]).map((body) => ({ body, link: [] }));
  const begun = [...bodies, ...prefixes(NEXT).map((link) => ({ body: ANSWERS[2], link }))];
  fuzz("Ittybit's answers", { corpus: corpusOf<Kept>("ittybit").map(madeOf), begun, made }, ({ body, link }) => {
    judge(readJob(body));
    const headers = new Headers({ link: textOf(link) });
    for (const job of readPage(body, headers, new URLSearchParams("limit=2"))?.jobs ?? []) judge(job);
    const { message, kind } = readError(500, JSON.stringify(body) ?? "");
    if (typeof message !== "string" || publicText(`${kind} ${message}`).length > 300) throw new Error("no message");
  });
});

it("Ittybit's answers: nesting without end is read as far as it makes sense", () => {
  for (const body of [
    DEEP_ARRAYS,
    DEEP_ERRORS,
    { id: "a", status: "failed", error: DEEP_ERRORS, outputs: DEEP_ARRAYS },
  ]) {
    judge(readJob(body));
    readPage(body, new Headers(), new URLSearchParams());
    readError(500, `${'{"error":'.repeat(50_000)}1${"}".repeat(50_000)}`);
  }
});

const TERMS =
  'id:|format:|error:|run:|lane:|state:|"|:| |webp|jpg|bulk|dead|"a b"|a|\t|\ud800|%|_|*|\'|;|x:y|ID:|age:|attempts:|>|<|1|9h'.split(
    "|",
  );

it("search qualifiers: a filter, or a refusal", () => {
  const begun = prefixes(
    'id:"a b" format:webp error:x cause:c run:r lane:bulk state:dead attempts:>1 age:<9h cats/tom.jpg',
  );
  fuzz("search", { corpus: corpusOf<Recipe>("search"), begun, made: recipes(TERMS) }, (recipe) => {
    try {
      const filter = applySearch(ANY_JOB, textOf(recipe), 0);
      const words = [...filter.text, filter.id, filter.run, filter.error].filter((word) => word !== null);
      if (!words.every((word) => word.isWellFormed()))
        throw new Error("half a surrogate pair, which no database takes");
      const ends = [filter.ordered, filter.attempts].flatMap((range) => (range ? [range.from, range.to] : []));
      if (!ends.every(Number.isSafeInteger)) throw new Error("a number that no comparison can trust");
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
    }
  });
});
