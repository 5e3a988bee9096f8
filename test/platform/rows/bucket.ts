import type { Assumption } from "../assumption.ts";
import { atLeast, is } from "../expect.ts";
import type { Lab } from "../lab.ts";

const API_PAGE = "R2, Workers API reference";
const VARIANTS = "workers/consumer/src/store/variants.ts";
const SWEEP = "workers/consumer/src/store/sweep-image.ts";

const probe = (name: string) => (lab: Lab) => lab.probe(name);

export const BUCKET_ROWS: readonly Assumption[] = [
  {
    name: "put-if-absent",
    assumes: 'A put with `etagDoesNotMatch: "*"` writes only if there is no object.',
    where: VARIANTS,
    documented: null,
    check: {
      expects: {
        "the first put writes": is(true),
        "the second put writes": is(false),
        "the first bytes are still there": is(true),
      },
      observe: probe("put-if-absent"),
    },
  },
  {
    name: "race-if-absent",
    assumes: "Of five such puts at once one writes.",
    where: VARIANTS,
    documented: null,
    check: {
      expects: { "puts that wrote": is(1), "the object is the winner's": is(true) },
      observe: probe("race-if-absent"),
    },
  },
  {
    name: "put-if-unchanged",
    assumes: "A put with `etagMatches` writes only over the object of that etag, and not where the object is gone.",
    where: VARIANTS,
    documented: {
      page: API_PAGE,
      says: "If the condition check for put() fails, null will be returned instead of the R2Object.",
    },
    check: {
      expects: {
        "a put with the current etag writes": is(true),
        "a put with an older etag writes": is(false),
        "the object is unharmed": is(true),
        "a put with the etag of a deleted object writes": is(false),
      },
      observe: probe("put-if-unchanged"),
    },
  },
  {
    name: "put-if-uploaded-then",
    assumes:
      "A put with `uploadedAfter` and `uploadedBefore` a millisecond around an object's upload writes only over that object, and not where it is gone.",
    where: "workers/consumer/src/store/put-condition.ts",
    documented: {
      page: API_PAGE,
      says: "uploadedAfter: Performs the operation if the object was uploaded after the given date.",
    },
    check: {
      expects: {
        "a put over the object that was uploaded then writes": is(true),
        "a put over a later object of the same bytes writes": is(false),
        "a put where the object is gone writes": is(false),
      },
      observe: probe("put-if-uploaded-then"),
    },
  },
  {
    name: "short-pages",
    assumes: "A list with metadata may have short pages; only `truncated` tells the end.",
    where: SWEEP,
    documented: {
      page: API_PAGE,
      says: "If you request data, you may receive fewer than limit results in your response to accommodate metadata.",
    },
    check: {
      expects: {
        "objects found by the cursor": is(60),
        "a page is short": is(true, { kinder: false }),
      },
      observe: probe("short-pages"),
    },
  },
  {
    name: "list-after-write",
    assumes: "Lists, gets and heads see every write and every delete at once.",
    where: SWEEP,
    documented: {
      page: "R2, Consistency model",
      says: "Strongly consistent: the list operation will list all objects at that point in time",
    },
    check: {
      expects: {
        "written objects that a list lacks": is(0),
        "written objects that a get lacks": is(0),
        "deleted objects that a list shows": is(0),
        "deleted objects that a head shows": is(0),
      },
      observe: probe("list-after-write"),
    },
  },
  {
    name: "one-write-a-second",
    assumes: "Of several writes of one key within a second some may be refused with 429 (10058), and one is taken.",
    where: "workers/consumer/src/making/finish-job.ts",
    documented: {
      page: "R2, Limits",
      says: "Concurrent writes to the same object name (key) at a higher rate return HTTP 429 (rate limited) responses.",
    },
    check: {
      expects: {
        "writes of one key that are taken within a second": atLeast(1),
        "writes that are refused": atLeast(1, { kinderBelow: true }),
      },
      observe: probe("one-write-a-second"),
    },
  },
  {
    name: "delete-after-put",
    assumes: "A delete is taken right after the put of its key: deletes are no writes of the key.",
    where: SWEEP,
    documented: null,
    check: {
      expects: { "deletes right after a put that are refused": is(0) },
      observe: probe("delete-after-put"),
    },
  },
  {
    name: "delete-many",
    assumes: "A delete takes 1,000 keys at once, and no more.",
    where: SWEEP,
    documented: null,
    check: {
      expects: {
        "a delete of 1,000 keys is taken": is(true),
        "the object is gone": is(true),
        "a delete of 1,001 keys is taken": is(false, { kinder: true }),
      },
      observe: probe("delete-many"),
    },
  },
];
