/*
 * The order of rooms, and the bug that each wall keeps out. `npm run rooms` judges the tree by this file, and docs/internals/architecture.md is printed
 * from it, so that the two cannot differ.
 */

/** A folder whose parts have an order. A room is a folder or a file straight under the root. */
export interface House {
  name: string;
  root: string;
  /**
   * Lowest first: a room imports from itself and from lower floors, and rooms of one floor do not know each other. Files at the root that no
   * floor names are common ground: everybody may import them, and only circles are forbidden to them.
   */
  floors: readonly Floor[];
  /** Every file of the root must stand on a floor: no common ground. */
  strict?: true;
}

export interface Floor {
  rooms: readonly string[];
  holds: string;
  /** What goes wrong when something here imports from a higher floor; empty where there is none to import from. */
  bug: string;
}

/** A wall that the order of floors does not make: nothing that matches `from` imports what matches `to`, a path or a package's name. */
export interface Wall {
  from: RegExp;
  to: RegExp;
  says: string;
  bug: string;
}

const CONSUMER = "workers/consumer/src";

export const HOUSES: readonly House[] = [
  { name: "shared", root: "packages/shared/src", floors: [] },
  {
    name: "edge",
    root: "workers/edge/src",
    floors: [
      {
        rooms: ["request"],
        holds: "What is asked: the target behind a URL, its original, and whether its signature holds.",
        bug: "A URL would be read differently depending on whether its variant exists.",
      },
      {
        rooms: ["hit"],
        holds: "Answering with a stored variant, the asked one or another: cache, R2, conditions, ranges.",
        bug: "A hit would load and wait for the code that asks the queue: the fast path pays for the slow one.",
      },
      {
        rooms: ["miss"],
        holds: "Asking for the variant once; answering without it: stand-in, redirect or placeholder.",
        bug: "A miss that knows the router can be routed again, and ask without end.",
      },
      {
        rooms: ["originals.ts", "info.ts"],
        holds: "Private and staged originals under signed URLs; what is known of an image.",
        bug: "A private original could be answered as an image is: without a signature, and cached for all.",
      },
      {
        rooms: ["route.ts", "config.ts"],
        holds: "Which answer a request gets; what the answers work with.",
        bug: "Code that reads the environment itself cannot be tested without one.",
      },
      { rooms: ["create-edge.ts"], holds: "`fetch` of a site.", bug: "" },
      { rooms: ["worker.ts"], holds: "This repository's site.", bug: "" },
    ],
  },
  {
    name: "rewriter",
    root: "workers/rewriter/src",
    floors: [
      {
        rooms: ["validators.ts", "page-images.ts", "lookup.ts"],
        holds: "An ETag, the images of a page, what is known of them: each alone.",
        bug: "A page's images could not be read ahead without writing them.",
      },
      {
        rooms: ["read-ahead.ts"],
        holds: "Which images a page has, before it is sent.",
        bug: "What reads ahead would wait for what is sent.",
      },
      {
        rooms: ["rewriter.ts"],
        holds: "The answer: a page rewritten, or the site's own.",
        bug: "Code that reads the environment itself cannot be tested without one.",
      },
      { rooms: ["config.ts"], holds: "The environment.", bug: "A Worker's entry would be its composition." },
      { rooms: ["create-rewriter.ts"], holds: "`fetch` of a site's rewriter.", bug: "" },
    ],
  },
  {
    name: "consumer",
    root: CONSUMER,
    strict: true,
    floors: [
      {
        rooms: ["platform"],
        holds: "Log, bounded body, semaphore, backoff, Retry-After, base64: knows no word of ours.",
        bug: "A utility that knows a use-case is changed for that use-case, and breaks the others.",
      },
      {
        rooms: ["queue-settings.ts", "times.ts"],
        holds: "What the queue is told of a site: lanes, limits, budget; the durations that stand in an order.",
        bug: "Two rooms that translate a setting in their own ways have two budgets for one site.",
      },
      {
        rooms: ["output"],
        holds: "The bytes of a result: whether they are the variant, what is taken out of them, and the labels put in.",
        bug: "Each engine would judge its own results, and the one that forgets shows viewers a position or a page.",
      },
      {
        rooms: ["engine.ts"],
        holds: "The door to the service that makes variants: what is ordered, and what comes back.",
        bug: "An order that knows its service's words has to be changed with them.",
      },
      {
        rooms: ["store"],
        holds: "R2: variants, markers, sweeps.",
        bug: "What counts as stored would depend on who asks, and a purge would miss some of it.",
      },
      {
        rooms: ["console"],
        holds:
          "What only operators read: counts of events, times, costs, causes, searches, bulk actions, the audit log.",
        bug: "A search that knows what a purge does could not be read without the rules of images.",
      },
      {
        rooms: ["images"],
        holds:
          "The rules of images over the queue: new originals, purges and remakes (sweeps), viewers' misses, the doctor's half.",
        bug: "A rule of images in the queue would be a rule of every queue, and could not be changed alone.",
      },
      {
        rooms: ["ledger"],
        holds: "The queue of this site: its calls, events, gate file and views; a SQLite Durable Object.",
        bug: "The ledger once took its types from the HTTP API, so a change of a JSON answer could change what a row means.",
      },
      {
        rooms: ["ittybit"],
        holds:
          "The engine: Ittybit's API, with its client, dialects, the job's request, the poller of open jobs, fetching results.",
        bug: "A new dialect would have to be taught in two places: the first one forgotten makes paid jobs look lost.",
      },
      {
        rooms: ["originals", "doctor", "intake", "serving"],
        holds:
          "What an original's first bytes tell; R2 against the ledger; from “please make this” to rows; what the edge counted.",
        bug: "Intake once lay inside the API, so hooks and the uploads queue ran its HTTP code, and a fix for one missed the others.",
      },
      {
        rooms: ["making", "hooks"],
        holds: "One batch of wake-ups to stored variants; one delivery of an upload system to events.",
        bug: "A queue handler that answers as the API does retries what only a client can mend.",
      },
      {
        rooms: ["api"],
        holds: "HTTP for operators, a file a resource.",
        bug: "A route that reads the environment escapes the access check's tests.",
      },
      {
        rooms: ["config.ts"],
        holds: "The environment, secrets, the site's configuration.",
        bug: "Configuration that composes adapters cannot be read without making connections.",
      },
      {
        rooms: ["compose.ts"],
        holds: "What each room works with, made of the environment.",
        bug: "The object and the composition once imported each other: which of the two was ready first was chance.",
      },
      {
        rooms: ["ledger-deps.ts"],
        holds: "What the ledger's object works with.",
        bug: "The object would depend on the entry that exports it.",
      },
      {
        rooms: ["create-consumer.ts"],
        holds: "`fetch`, `queue`, `scheduled` and the ledger's class of a site.",
        bug: "A Worker that imports its configuration by a path can be deployed from one folder only.",
      },
      { rooms: ["worker.ts"], holds: "This repository's site.", bug: "" },
    ],
  },
  {
    name: "queue",
    root: "packages/durable-queue/src",
    strict: true,
    floors: [
      {
        rooms: ["job-key.ts"],
        holds: "The key of a job: its group and its part.",
        bug: "Two rooms that join group and part in their own ways have two keys for one job.",
      },
      {
        rooms: ["limits.ts", "clock.ts", "log.ts", "times.ts"],
        holds: "Constants that several rooms share; time and chance; log lines.",
        bug: "A constant that knows a rule is changed for that rule, and breaks the others.",
      },
      {
        rooms: ["external-jobs.ts"],
        holds: "Jobs that another service makes, and what a poller of them gets and reports.",
        bug: "A poller that knows the queue's tables decides what a job's end means.",
      },
      {
        rooms: ["calls.ts"],
        holds: "What the calls of the queue take and answer.",
        bug: "A call that takes its types from the tables cannot be kept while the tables change.",
      },
      {
        rooms: ["runner"],
        holds: "A handler for jobs that are one call: claims them, calls the user's function, reports the outcomes.",
        bug: "A runner that knows more than the calls cannot run outside the object.",
      },
      {
        rooms: ["jobs.ts"],
        holds: "What the calls of a `JobQueue` take and answer.",
        bug: "A call that shows a row of a table cannot be kept while the table changes.",
      },
      {
        rooms: ["tables"],
        holds: "A file a table or a document: its rows, and the SQL that reads and writes them.",
        bug: "A table that decides by the queue's rules decides a second time, and then differently.",
      },
      {
        rooms: ["checks.ts"],
        holds: "Judges the arguments of a `JobQueue` before the transaction.",
        bug: "An argument that is judged within a transaction costs the queue its memory.",
      },
      {
        rooms: ["memory"],
        holds: "What an instance remembers beside the tables; what must outlive it is written through.",
        bug: "A memory that knows a transaction is changed by one that is rolled back.",
      },
      {
        rooms: ["tx"],
        holds: "The transaction over tables and memory: loads rows once, writes them together.",
        bug: "A transaction that admits or hands out cannot be read without the rules.",
      },
      {
        rooms: ["admission"],
        holds: "May this job start now: pause, budget, breaker, rate, slots.",
        bug: "An admission that knows who holds a job favours one handler over another.",
      },
      {
        rooms: ["claims"],
        holds: "Handing out, leases, heartbeats, outcomes, orphans.",
        bug: "A claim that is made while jobs are accepted is made without admission.",
      },
      {
        rooms: ["intake"],
        holds: "Accepting jobs once, whatever is sent twice.",
        bug: "Intake that knows the operators' calls would answer a repeat differently after one of them.",
      },
      {
        rooms: ["operate"],
        holds: "What operators do: count, cancel, retry, promote, examine, restore; how long rows are kept.",
        bug: "A rule that knows the alarm cannot be tested without one.",
      },
      {
        rooms: ["object"],
        holds: "Transactions, what follows a change, the alarm's work, bookmarks.",
        bug: "",
      },
      {
        rooms: ["client.ts"],
        holds: "The public entry: `JobQueue`, and what a user of the queue extends.",
        bug: "A rule that imports the entry imports all others.",
      },
      { rooms: ["testing"], holds: "SQLite in Node, within the platform's limits.", bug: "" },
    ],
  },
  {
    name: "console",
    root: `${CONSUMER}/console`,
    floors: [
      {
        rooms: ["tables"],
        holds: "Tables of the history, stored jobs, actions, rejections and the audit log, and all SQL of the console.",
        bug: "A table that decides by a rule decides a second time.",
      },
    ],
  },
  {
    name: "images",
    root: `${CONSUMER}/images`,
    floors: [
      {
        rooms: ["tables"],
        holds: "Tables of images and sweeps, and all SQL of images.",
        bug: "A table that decides by a rule decides a second time.",
      },
    ],
  },
  {
    name: "ledger",
    root: `${CONSUMER}/ledger`,
    floors: [
      {
        rooms: ["tables"],
        holds: "Tables of events and sessions, and all SQL of the ledger; how long rows are kept.",
        bug: "A table that decides by a rule decides a second time.",
      },
      {
        rooms: ["views"],
        holds: "What an operator is shown. The files at the root are the calls, the events and the gate file.",
        bug: "A view that acts writes outside the one place that wakes workers and publishes after a change.",
      },
      {
        rooms: ["troubles"],
        holds: "The rules of what is wrong, which part failed, what was acknowledged and what others were told of.",
        bug: "A view with a judgement of its own accuses another part than the headline.",
      },
    ],
  },
  {
    name: "emulator",
    root: "packages/ittybit-emulator/src",
    floors: [
      {
        rooms: ["pixels", "faults"],
        holds: "How a picture is made; what goes wrong on purpose.",
        bug: "A picture that knows its job differs between two jobs for the same transform.",
      },
      {
        rooms: ["jobs"],
        holds: "A job's life, from request to end.",
        bug: "A job that knows how it is spelled behaves differently from dialect to dialect.",
      },
      {
        rooms: ["dialects"],
        holds: "How jobs, lists, errors and webhooks are spelled.",
        bug: "A dialect that reads the request can answer what the others cannot say.",
      },
      {
        rooms: ["api"],
        holds: "HTTP: the API, outputs, the emulator's own controls.",
        bug: "A route that knows the flags of the command line cannot be used from a test.",
      },
      { rooms: ["main.ts"], holds: "The command line.", bug: "" },
    ],
  },
  {
    name: "cli",
    root: "apps/cli/src",
    floors: [
      {
        rooms: ["platform"],
        holds: "The process as it is given: streams, clock, HTTP, exit codes, Ctrl-C.",
        bug: "A retry that knows a command waits for that command's sake in all others.",
      },
      {
        rooms: ["site"],
        holds:
          "The site's folder: where the program's parts are, its wrangler files, and what `dev` and `deploy` wrote down.",
        bug: "A command that looks for the parts itself runs in this repository only.",
      },
      {
        rooms: ["arguments"],
        holds: "What was typed: flags, settings, configuration.",
        bug: "A flag that knows its command means something else in the next one.",
      },
      {
        rooms: ["api", "terminal", "input"],
        holds: "The control API, called; what is printed; what is read.",
        bug: "A reader that sends holds the whole input in memory while the network is slow.",
      },
      {
        rooms: ["send"],
        holds: "Chunks on their way, and their state on disk.",
        bug: "Sending that knows one command's flags cannot be resumed by another.",
      },
      {
        rooms: ["pages"],
        holds: "A site's pages, from a folder or politely from the web.",
        bug: "A reader of pages that judges them cannot read for two judgements.",
      },
      {
        rooms: ["deploy"],
        holds:
          "An environment in the account: what is there, what is missing, and the calls of wrangler that change it.",
        bug: "A plan that reads flags cannot be carried out by a second command.",
      },
      {
        rooms: ["steps", "covered"],
        holds:
          "What several commands do: wait for a run, follow an action, ask first; the judgement of a site's image URLs.",
        bug: "Two commands that import each other cannot be changed alone.",
      },
      {
        rooms: ["try"],
        holds: "A site shown on this machine: what is asked of it, what is kept, its pages with the bar.",
        bug: "A proxy that reads flags cannot be tried against a hostile site.",
      },
      {
        rooms: ["mcp"],
        holds: "The tools of `prewarm mcp`, and the protocol.",
        bug: "A tool that knows a command's flags cannot be called by an agent.",
      },
      {
        rooms: ["commands"],
        holds: "A file a command.",
        bug: "A command that runs the program parses its arguments twice.",
      },
      { rooms: ["program.ts"], holds: "Every command, in the order of the help.", bug: "" },
      { rooms: ["main.ts"], holds: "The process: signals and exit code.", bug: "" },
    ],
  },
  {
    name: "dashboard",
    root: "apps/dashboard/src",
    floors: [
      {
        rooms: ["lib"],
        holds: "Rules and words without a browser or a server: addresses, filters, formats.",
        bug: "A format that reads the page it stands on cannot be tested without a browser.",
      },
      {
        rooms: ["api"],
        holds: "The control API, called.",
        bug: "A call that draws cannot be polled.",
      },
      {
        rooms: ["ui"],
        holds: "Parts of pages.",
        bug: "A part that knows its page works on that page only.",
      },
      {
        rooms: ["charts"],
        holds: "Charts, which pages load when they are shown.",
        bug: "A part that draws with the charts' library makes the first page carry it.",
      },
      {
        rooms: ["pages"],
        holds: "A file a page.",
        bug: "A page that imports the router's table makes every page load every other.",
      },
      { rooms: ["app.tsx"], holds: "Every address.", bug: "" },
      { rooms: ["main.tsx"], holds: "The start.", bug: "" },
    ],
  },
];

export const WALLS: readonly Wall[] = [
  {
    from: /^workers\/consumer\/src\/(?!(ledger|images|console)\/|create-consumer\.ts$|ledger-deps\.ts$)/,
    to: /^workers\/consumer\/src\/(ledger\/(?!(calls|ledger-for|ledger-unavailable)\.ts$)|images\/(?!(calls|findings)\.ts$)|console\/(?!calls\.ts$))/,
    says: "The ledger is entered by its client; others know its calls and its one error; of the images' rules, others know the calls and the findings, of the console the calls.",
    bug: "Whoever calls a function of the ledger outside its object has another database, or none.",
  },
  {
    from: /^(?!packages\/durable-queue\/)/,
    to: /^(packages\/durable-queue\/(src|test)\/|@prewarm\/durable-queue\/(?!testing$))/,
    says: "The queue is used by its public entry, `client.ts`; tests and simulators have `testing/testing.ts` too.",
    bug: "A user of the queue's inside breaks with each change of it.",
  },
  {
    from: /^packages\/durable-queue\/src\//,
    to: /^(?!packages\/durable-queue\/src\/|node:sqlite$)/,
    says: "The queue imports no other package.",
    bug: "A queue that knows its one user cannot be understood, tested or used without it.",
  },
  {
    from: /^packages\/shared\/src\//,
    to: /^(?!packages\/shared\/src\/|zod($|\/))/,
    says: "`packages/shared` imports nothing but zod.",
    bug: "Edge and consumer agree there; what runs in only one of them makes them disagree.",
  },
  {
    from: /^packages\/client\/src\//,
    to: /^(?!packages\/client\/src\/|@prewarm\/shared\/(config|image-id|ladder|limits|noise|shape|signature)$)/,
    says: "`packages/client` imports nothing but pure parts of `packages/shared`.",
    bug: "A page would carry zod, or what the private configuration says.",
  },
  {
    from: /^workers\/edge\/src\/(?!(route|config|create-edge|worker|originals|info)\.ts$)[^/]+$/,
    to: /^workers\/edge\/src\/[^/]+\//,
    says: "What all rooms of the edge share imports none of them.",
    bug: "A type of the fast path would load, and change with, the code of the slow one.",
  },
  {
    from: /^workers\/edge\//,
    to: /^(workers\/consumer\/|@prewarm\/consumer)/,
    says: "The edge does not import the consumer.",
    bug: "The edge would pass its 21 kB, and a deploy of one Worker would change the other.",
  },
  {
    from: /^workers\/rewriter\//,
    to: /^(workers\/(edge|consumer)\/|@prewarm\/(?!(shared|client)\/))/,
    says: "The rewriter imports the client's rules and pure parts of `packages/shared`.",
    bug: "Its pages would ask for what the client of a page would not.",
  },
  {
    from: /^workers\/consumer\//,
    to: /^(workers\/edge\/|@prewarm\/edge)/,
    says: "The consumer does not import the edge.",
    bug: "Both would hold a copy of one rule, from two deploys.",
  },
  {
    from: /^(apps|packages)\//,
    to: /^(workers\/|@prewarm\/(edge|consumer|rewriter))/,
    says: "Apps and packages import no Worker.",
    bug: "An app that knows the server's insides works with one version of it only; the HTTP API is versioned.",
  },
  {
    from: /^packages\/control-schema\/src\//,
    to: /^(?!packages\/control-schema\/src\/|@prewarm\/shared\/|zod($|\/))/,
    says: "`packages/control-schema` imports nothing but zod and `packages/shared`.",
    bug: "The CLI and the ledger would carry a web framework for the shape of a job.",
  },
  {
    from: /^packages\/wrangler-files\/src\//,
    to: /^(?!packages\/wrangler-files\/src\/|@prewarm\/shared\/|smol-toml$)/,
    says: "`packages/wrangler-files` imports nothing but pure parts of `packages/shared` and smol-toml.",
    bug: "It would read this repository's folder, and print files that only this repository can deploy.",
  },
  {
    from: /^packages\/legacy-urls\/src\//,
    to: /^(?!packages\/legacy-urls\/src\/|@prewarm\/shared\/)/,
    says: "`packages/legacy-urls` imports nothing but pure parts of `packages/shared`.",
    bug: "A site's edge would carry what belongs to another Worker, with the grammar of one service.",
  },
  {
    from: /^packages\/site-pages\/src\//,
    to: /^(?!packages\/site-pages\/src\/|@prewarm\/shared\/|parse5$)/,
    says: "`packages/site-pages` imports nothing but pure parts of `packages/shared` and parse5.",
    bug: "The consumer, which suggests lines of `pages` by it, would carry the command's code.",
  },
  {
    from: /^workers\//,
    to: /^(packages\/legacy-urls\/|@prewarm\/legacy-urls)/,
    says: "No Worker imports the grammars of other services: the site's configuration hands them in.",
    bug: "Every site's edge would carry them, and pass its 21 kB.",
  },
  {
    from: /^packages\/(shared|control-schema|control-client)\//,
    to: /^(apps\/|@prewarm\/(cli|dashboard))/,
    says: "What apps share knows no app.",
    bug: "The dashboard's bundle would carry the CLI.",
  },
  {
    from: /^(workers\/(?!consumer\/src\/(ittybit\/|compose\.ts$))|packages\/)/,
    to: /^workers\/consumer\/src\/ittybit\//,
    says: "Only the composition makes Ittybit's engine; all others know the engine's interface.",
    bug: "A change of Ittybit's API, or a second engine, would have to be taught to every room that knows the first.",
  },
  {
    from: /^packages\/ittybit-emulator\//,
    to: /^@prewarm\/|^packages\/(?!ittybit-emulator\/)/,
    says: "The emulator knows nothing of Prewarm.",
    bug: "An emulator that shares our code shares our misunderstanding of Ittybit, and proves it right.",
  },
  {
    from: /^apps\/dashboard\/src\//,
    to: /^node:/,
    says: "The dashboard imports no `node:*`.",
    bug: "It builds, and fails in the browser.",
  },
];
