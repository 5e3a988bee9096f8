import type { Call, Wrangler } from "../../src/deploy/wrangler.ts";
import type { Context } from "../../src/platform/context.ts";
import type { Outcome } from "../../src/platform/run-program.ts";
import type { FakeCloudflare } from "./fake-cloudflare.ts";

/** The pinned wrangler's words for what is not there; test/e2e/deploy.e2e.test.ts has the real one say them of the same account. */
const NO_BUCKET =
  "✘ [ERROR] A request to the Cloudflare API failed.\n\n  The specified bucket does not exist. [code: 10006]";
const NO_WORKER = "✘ [ERROR] This Worker does not exist on your account. [code: 10007]";

const NO_LOGIN =
  "✘ [ERROR] In a non-interactive environment, it's necessary to set a CLOUDFLARE_API_TOKEN environment variable for wrangler to " +
  "work.\n\n  To continue without logging in, rerun this command with `--temporary`.";

/** Deployed ids and times that rise. */
let deployed = 0;

/**
 * A wrangler that works on a fake account and records each call. `fail` makes the first call that matches end with 1, once; after `logOut` each
 * call ends so.
 */
export function recordingWrangler(cloudflare: FakeCloudflare) {
  const calls: Call[] = [];
  let failing: { pattern: RegExp; words: string } | null = null;
  let isLoggedIn = true;
  const wrangler: Wrangler = async (call) => {
    calls.push(call);
    const line = call.args.join(" ");
    if (!isLoggedIn) return failed(NO_LOGIN);
    if (failing?.pattern.test(line)) {
      const { words } = failing;
      failing = null;
      return failed(words);
    }
    return answer(cloudflare, call);
  };
  const READS =
    /^(r2 bucket info|r2 bucket lifecycle list|queues info|secret list|deployments status|versions (?:list|view))\b/;
  return {
    wrangler,
    calls,
    /** What was called to change something, as typed. */
    changes: () => calls.map(({ args }) => args.join(" ")).filter((line) => !READS.test(line)),
    fail(pattern: RegExp, words = "✘ [ERROR] fetch failed") {
      failing = { pattern, words };
    },
    logOut() {
      isLoggedIn = false;
    },
  };
}

/** Programs on a machine whose wrangler is that one. `repository` is what git says, and how often the dashboard was built; NaN: it does not build. */
export function programsOf(
  wrangler: Wrangler,
  repository: { commit: string; dirty: boolean; builds: number },
): Context["run"] {
  return async ({ program, args: [first = "", ...args], stdin, show }) => {
    if (first.endsWith("wrangler.js"))
      return wrangler({ args, ...(stdin === undefined ? {} : { stdin }), shown: show !== undefined });
    if (program === "git") return fine(first === "rev-parse" ? repository.commit : repository.dirty ? " M a-file" : "");
    repository.builds += 1;
    return Number.isNaN(repository.builds) ? failed("no such page") : fine();
  };
}

function answer(cloudflare: FakeCloudflare, { args, stdin = "" }: Call): Outcome {
  const [a = "", b = "", c = "", d = ""] = args;
  const worker = workerOf(args);
  switch (`${a} ${b}`) {
    case "r2 bucket":
      return bucket(cloudflare, c === "lifecycle" ? `${c} ${d}` : c, c === "lifecycle" ? (args[4] ?? "") : d, args);
    case "queues info":
      return queueInfo(cloudflare, c);
    case "queues create":
      cloudflare.queues.set(c, {
        settings: { retention: after(args, "--message-retention-period-secs") },
        ...(args.includes("--jurisdiction") ? { jurisdiction: after(args, "--jurisdiction") } : {}),
      });
      return fine();
    case "queues delete":
      return cloudflare.queues.delete(c) ? fine() : failed(`Queue "${c}" does not exist.`);
    case "secret bulk":
      for (const name of Object.keys(JSON.parse(stdin))) cloudflare.script(worker).secrets.add(name);
      return fine();
  }
  const script = cloudflare.scripts.get(worker);
  if (a === "deploy") {
    deployed += 1;
    cloudflare.deployed(worker, `version-${deployed}`, after(args, "--tag"), after(args, "--message"), deployed);
    return fine(`Deployed ${worker} triggers\n  https://${worker}.example.workers.dev\n`);
  }
  if (script === undefined) return failed(NO_WORKER);
  if (a === "secret") return fine(JSON.stringify([...script.secrets].map((name) => ({ name, type: "secret_text" }))));
  if (a === "deployments") {
    if (script.running === null) return failed(`✘ [ERROR] The Worker ${worker} has no deployments.`);
    return fine(JSON.stringify({ versions: [{ version_id: script.running, percentage: 100 }] }));
  }
  if (a === "versions" && b === "view") {
    const { bindings = [] } = script.versions.find(({ id }) => id === c) ?? {};
    return fine(JSON.stringify({ resources: { bindings } }));
  }
  if (a === "versions")
    return fine(
      JSON.stringify(script.versions.slice(0, 10).map((one) => ({ ...one, metadata: { created_on: one.at } }))),
    );
  if (a === "rollback") script.running = b;
  if (a === "delete") cloudflare.scripts.delete(worker);
  return fine();
}

function queueInfo(cloudflare: FakeCloudflare, name: string): Outcome {
  const found = cloudflare.queues.get(name);
  if (found === undefined)
    return failed(`✘ [ERROR] Queue "${name}" does not exist. To create it, run: wrangler queues create ${name}`);
  const { producers = 0, jurisdiction } = found;
  const place = jurisdiction === undefined ? [] : [`Jurisdiction: ${jurisdiction}`];
  const counts = [`Number of Producers: ${producers}`, "Number of Consumers: 0"];
  return fine([`Queue Name: ${name}`, ...place, "Created On: 2026-11-01T00:00:00Z", ...counts].join("\n"));
}

function bucket(cloudflare: FakeCloudflare, verb: string, name: string, args: readonly string[]): Outcome {
  const found = cloudflare.buckets.get(name);
  if (verb === "create") cloudflare.buckets.set(name, { rules: [], objects: 0 });
  else if (found === undefined) return failed(NO_BUCKET);
  else if (verb === "delete" && found.objects > 0)
    return failed("The bucket you tried to delete is not empty. [code: 10008]");
  else if (verb === "delete") cloudflare.buckets.delete(name);
  else if (verb === "lifecycle add") found.rules.push({ prefix: args[6] });
  else if (verb === "lifecycle list")
    return fine(
      found.rules.map((rule) => `name:     markers\nprefix:   ${(rule as { prefix: string }).prefix}\n`).join("\n"),
    );
  return fine(
    JSON.stringify({ created: "2026-11-01T00:00:00Z", object_count: (found?.objects ?? 0).toLocaleString() }),
  );
}

function workerOf(args: readonly string[]): string {
  const env = after(args, "-e");
  return `${after(args, "-c").replace(/^wrangler\.(\w+)\.toml$/, "prewarm-$1")}${env === "production" ? "" : `-${env}`}`;
}

function after(args: readonly string[], flag: string): string {
  return args[args.indexOf(flag) + 1] ?? "";
}

function fine(stdout = ""): Outcome {
  return { code: 0, stdout, stderr: "" };
}

function failed(stderr: string): Outcome {
  return { code: 1, stdout: "", stderr };
}
