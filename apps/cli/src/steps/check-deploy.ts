import type { Config } from "@prewarm/shared/config";
import { checkConfig } from "@prewarm/shared/config-check";
import { variantsPerImage, warmingJobs, warmingUsd } from "@prewarm/shared/cost/outlook";
import { edgeUrlOf, hostOf, routesOf } from "@prewarm/shared/deploy";
import { asksForSecret, checkEnvironment, setSecret, settingOf } from "@prewarm/shared/environment-check";
import { secretsOf } from "@prewarm/shared/secrets";
import { type Stage, stagesOf, varsOf } from "@prewarm/wrangler-files/stage";
import { formatUsd } from "../send/format-outlook.ts";
import type { Found } from "../site/installation.ts";
import { fileFaults, readyFiles } from "../site/wrangler-files.ts";
import { formatCount } from "../terminal/progress.ts";

/** One thing looked at. `look`: it cannot be seen from here, or it is only unwise. */
export interface Finding {
  state: "ok" | "fault" | "look";
  what: string;
  /** What was found, or how to set it. */
  text: string;
}

/** The environment that is meant: the one named, else production, else the first. */
export function environmentOf({ deploy }: Config, named: string | null): string {
  const names = Object.keys(deploy ?? {});
  return named ?? (names.includes("production") ? "production" : (names[0] ?? "production"));
}

/** Everything that can be judged by files: the configuration, and whether the wrangler files are what it says. */
export function checkFiles(config: Config, found: Found, named: string | null): Finding[] {
  const faults = checkConfig(config);
  const isWhole = fileFaults(config).length === 0;
  return [
    ...told("configuration", faults, "sound"),
    ...(isWhole ? told("wrangler files", readyFiles(found, config), "as the configuration says") : []),
    ...(isWhole ? stageFindings(config, faults, named) : []),
    budgetFinding(config, faults.length === 0),
  ];
}

/** What an environment is given, as far as the configuration tells. */
function stageFindings(config: Config, faults: readonly string[], named: string | null): Finding[] {
  const name = environmentOf(config, named);
  const stage = stagesOf(config).find(({ environment }) => environment === name);
  if (stage !== undefined) return [...given(config, faults, stage), ...edgeFindings(name, stage)];
  const text = `it names no environment, so nothing can be deployed: deploy: { ${name}: {} } in prewarm.config.ts`;
  return [{ state: "look", what: "deploy", text }];
}

function told(what: string, faults: readonly string[], fine: string): Finding[] {
  if (faults.length === 0) return [{ state: "ok", what, text: fine }];
  return faults.map((text) => ({ state: "fault", what, text }));
}

/** Secrets stand in no file: `/readyz` judges them. */
function given(config: Config, configFaults: readonly string[], stage: Stage): Finding[] {
  const vars = varsOf(stage);
  const value = (name: string): string | undefined => (typeof vars[name] === "string" ? vars[name] : undefined);
  const hasBucket = (name: string): boolean => stage.buckets.some(({ binding }) => binding === name);
  return checkEnvironment(config, configFaults, { value, hasBucket })
    .filter((fault) => !asksForSecret(fault))
    .map((text) => ({ state: "fault", what: "environment", text }));
}

/** The commands that set what a deploy needs and no file may hold. */
export function neededSecrets(config: Config, environment: string): string[] {
  const faulty = checkConfig(config).map(settingOf);
  const needed = secretsOf(config, (setting) => !faulty.includes(setting)).filter(({ need }) => need !== null);
  return needed.map(({ name }) => setSecret(name, environment));
}

function edgeFindings(name: string, { settings }: Stage): Finding[] {
  const hosts = routesOf(settings.edge).map(hostOf);
  const found: Finding[] = [{ state: "ok", what: "edge", text: hosts.join(", ") }];
  if (hosts.length === 0)
    found[0] = {
      state: "look",
      what: "edge",
      text: `it has no host, so nothing is cached on workers.dev: write deploy.${name}.edge, such as "images.example.com"`,
    };
  if (edgeUrlOf(settings) === null)
    found.push({
      state: "look",
      what: "edge",
      text: `its address is not known, so the dashboard can link no image: write deploy.${name}.edge or edgeUrl`,
    });
  return found;
}

/** `isSound`: the configuration has no fault, so that its recipe can be counted. */
function budgetFinding(config: Config, isSound: boolean): Finding {
  const jobs = config.budget?.month;
  if (typeof jobs === "number")
    return { state: "ok", what: "budget", text: `${formatCount(jobs)} jobs a month${isSound ? meaning(config) : ""}` };
  return { state: "look", what: "budget", text: "no limit: set budget.month, or a mistake may cost any amount" };
}

/** What a month's budget is in pictures and money. */
function meaning(config: Config): string {
  const [perImage, jobs] = [variantsPerImage(config, "upload"), warmingJobs(config) ?? 0];
  const { per1000Jobs: price } = config.budget;
  const fee = price === null ? "" : `, Ittybit's fee up to ${formatUsd(((config.budget.month ?? 0) / 1000) * price)}`;
  if (perImage === 0) return fee;
  return `, ${formatCount(jobs)} of them for warming: ${formatCount(Math.floor(jobs / perImage))} uploads of ${perImage} variants${fee}, Cloudflare about $${formatUsd(warmingUsd(jobs))}. To change it: formats and pages, budget.month, gate.ratePerSecond`;
}
