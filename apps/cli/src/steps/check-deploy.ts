import type { Config } from "@prewarm/shared/config";
import { checkConfig } from "@prewarm/shared/config-check";
import { withoutFinalSlashes } from "@prewarm/shared/environment";
import { checkEnvironment, setSecret } from "@prewarm/shared/environment-check";
import { queueRole } from "@prewarm/shared/queue-role";
import { readWrangler, type Wrangler } from "../input/wrangler-files.ts";

/** One thing looked at. `look`: it cannot be seen from here, or it is only unwise. */
export interface Finding {
  state: "ok" | "fault" | "look";
  what: string;
  /** What was found, or how to set it. */
  text: string;
}

const CONSUMER = "wrangler.consumer.toml";
const EDGE = "wrangler.edge.toml";

/** Bindings that the code asks for by name. */
const NEEDED = {
  [CONSUMER]: ["IMAGES_BUCKET", "LEDGER", "LIVE_QUEUE", "WORK_QUEUE", "UPLOADS_QUEUE", "DEAD_QUEUE"],
  [EDGE]: ["IMAGES_BUCKET", "LIVE_QUEUE", "ENQUEUE_LIMIT", "UNKNOWN_LIMIT"],
};
/** Bindings that must lead both Workers to the same thing. */
const SHARED = ["IMAGES_BUCKET", "LIVE_QUEUE"];

/** Everything that can be judged by the files alone: the configuration, and what both wrangler files of `folder` give the Workers. */
export function checkFiles(config: Config, folder: string, environment: string | null): Finding[] {
  const read = [CONSUMER, EDGE].map((file) => tryRead(folder, file, environment));
  const files = read.filter((one) => "bindings" in one);
  const [consumer] = files.filter(({ file }) => file === CONSUMER);
  const [edge] = files.filter(({ file }) => file === EDGE);
  const configFaults = checkConfig({ ...config, edgeHosts: knownHosts(config, consumer, edge) });
  return [
    ...told("configuration", configFaults, "sound"),
    ...read.filter((one) => "state" in one),
    ...files.flatMap((one) => bindingFindings(one)),
    ...(consumer && edge ? sameFindings(consumer, edge) : []),
    ...(consumer ? given(config, configFaults, consumer) : []),
    ...(edge && Array.isArray(config.sources) ? edgeBuckets(config, edge) : []),
    ...(edge ? [routeFinding(edge)] : []),
    budgetFinding(config),
    ...webhookFinding(config),
  ];
}

/** Whether Access stands in front of the consumer cannot be seen from here. */
function webhookFinding({ ittybit }: Config): Finding[] {
  if (ittybit?.webhooks !== "wake" || typeof ittybit.publicUrl !== "string") return [];
  const address = `${withoutFinalSlashes(ittybit.publicUrl)}/ittybit/*`;
  const text = `Ittybit calls ${address}: behind Cloudflare Access that path needs a bypass policy. ITTYBIT_WEBHOOK_SECRET, if your account signs, is optional`;
  return [{ state: "look", what: "webhooks", text }];
}

function tryRead(folder: string, file: string, environment: string | null): Wrangler | Finding {
  try {
    return readWrangler(folder, file, environment);
  } catch (error) {
    return {
      state: "fault",
      what: file,
      text: error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error),
    };
  }
}

/** Hosts that lead to the edge: a source on one of them would be asked for ever. */
function knownHosts(config: Config, consumer: Wrangler | undefined, edge: Wrangler | undefined): readonly string[] {
  if (!Array.isArray(config.edgeHosts)) return config.edgeHosts;
  const address = consumer?.vars.EDGE_URL;
  const own = typeof address === "string" && URL.canParse(address) ? [new URL(address).host] : [];
  return [...config.edgeHosts, ...(edge?.hosts ?? []).filter((host) => !host.includes("*")), ...own];
}

function told(what: string, faults: readonly string[], fine: string): Finding[] {
  if (faults.length === 0) return [{ state: "ok", what, text: fine }];
  return faults.map((text) => ({ state: "fault", what, text }));
}

function bindingFindings({ file, bindings, reads }: Wrangler): Finding[] {
  const missing = (NEEDED[file as keyof typeof NEEDED] ?? []).filter((name) => !bindings.has(name));
  const unread =
    file === CONSUMER
      ? ["LIVE_QUEUE", "WORK_QUEUE", "UPLOADS_QUEUE", "DEAD_QUEUE"]
          .map((name) => bindings.get(name))
          .filter((queue) => queue !== undefined && !reads.includes(queue))
      : [];
  return told(
    file,
    [
      ...missing.map((name) => `${name} is not bound: copy its block from the repository's ${file}`),
      ...reads
        .filter((queue) => queueRole(queue) === null)
        .map((queue) => `the queue ${queue} tells no role: one word of its name is live, work, uploads or dead`),
      ...unread.map((queue) => `nobody reads the queue ${queue}: add it to [[queues.consumers]]`),
    ],
    "every binding is there",
  );
}

function sameFindings(consumer: Wrangler, edge: Wrangler): Finding[] {
  return SHARED.filter((name) => consumer.bindings.get(name) !== edge.bindings.get(name)).map((name) => ({
    state: "fault",
    what: EDGE,
    text: `${name} is ${edge.bindings.get(name) ?? "nothing"} here and ${consumer.bindings.get(name) ?? "nothing"} in ${CONSUMER}: name the same in both`,
  }));
}

/** What the consumer is given, as far as files tell. Secrets stand in no file: `/readyz` judges them. */
function given(config: Config, configFaults: readonly string[], { vars, bindings }: Wrangler): Finding[] {
  const inFile = (name: string): string | undefined => (typeof vars[name] === "string" ? vars[name] : undefined);
  const faults = checkEnvironment(config, configFaults, { value: inFile, hasBucket: (name) => bindings.has(name) });
  const isSecret = (fault: string): boolean => fault.includes(" secret put ");
  const findings: Finding[] = faults
    .filter((fault) => !isSecret(fault))
    .map((text) => ({ state: "fault", what: CONSUMER, text }));
  if (!inFile("EDGE_URL") && !faults.some((fault) => fault.startsWith("EDGE_URL")))
    findings.push({
      state: "look",
      what: CONSUMER,
      text: "EDGE_URL is not in [vars]: the dashboard can link no image; write the edge's address, such as https://images.example.com",
    });
  return findings;
}

/** The commands that set what a deploy needs and no file may hold. Production is the files' top level. */
export function neededSecrets(config: Config, environment: string | null): string[] {
  const hooks = typeof config.hooks === "object" && config.hooks !== null ? Object.values(config.hooks) : [];
  const named = hooks.flatMap((hook) => (Array.isArray(hook?.verifier?.secrets) ? hook.verifier.secrets : []));
  return [...new Set(["ITTYBIT_API_KEY", "ADMIN_TOKEN", ...named])].map((name) =>
    setSecret(name, environment ?? "production"),
  );
}

function edgeBuckets({ sources }: Config, { bindings }: Wrangler): Finding[] {
  const missing = sources.flatMap((source) =>
    "bucket" in source && !bindings.has(source.bucket) ? [source.bucket] : [],
  );
  return [...new Set(missing)].map((name) => ({
    state: "fault",
    what: EDGE,
    text: `${name}: a source's bucket, and it is not bound: add [[r2_buckets]] here too`,
  }));
}

function routeFinding({ hosts }: Wrangler): Finding {
  if (hosts.length > 0) return { state: "ok", what: "route", text: hosts.join(", ") };
  return {
    state: "look",
    what: "route",
    text: `${EDGE} has none, so nothing is cached on workers.dev: routes = [{ pattern = "images.example.com", custom_domain = true }]`,
  };
}

function budgetFinding({ gate }: Config): Finding {
  const jobs = gate?.monthlyJobs;
  if (typeof jobs === "number") return { state: "ok", what: "budget", text: `${jobs} jobs a month` };
  return { state: "look", what: "budget", text: "no limit: set gate.monthlyJobs, or a mistake may cost any amount" };
}
