import type { Config } from "@prewarm/shared/config";
import { configSchema } from "@prewarm/shared/config-schema";
import { withDefaultUrl } from "@prewarm/shared/environment";
import { secretsOf } from "@prewarm/shared/secrets";
import { settingsIn } from "@prewarm/shared/setting-leaves";
import type { Command } from "../arguments/command.ts";
import { loadConfig } from "../arguments/load-config.ts";
import type { Context } from "../platform/context.ts";
import { EXIT } from "../platform/exit-codes.ts";
import { suggestPages } from "../steps/suggest-pages.ts";
import { createReport } from "../terminal/report.ts";
import { formatTable } from "../terminal/table.ts";

/** A setting or a secret as a command on this machine finds it. */
interface Found {
  name: string;
  /** As it would be written; of a secret only whether it is set. */
  value: unknown;
  from: "file" | "environment" | "default";
}

export const configCommand: Command = {
  name: "config",
  description: "Print each setting with its value and where it comes from",
  more: "It also says which secrets this environment has. --suggest asks the control API what to change.",
  operands: null,
  flags: {
    suggest: {
      type: "boolean",
      description: "Instead, lines of pages to add and to drop, by what pages ask for and viewers missed, as a diff",
    },
  },
  examples: ["prewarm config", "prewarm config --json", "prewarm config --suggest"],
  async run(args, context) {
    if (args.flag("suggest")) {
      await suggestPages(args, context);
      return EXIT.ok;
    }
    const config = await loadConfig(args, context);
    const settings = [...settingsIn(configSchema).keys()].map((name) => settingOf(name, config, context.env));
    const secrets = secretsOf(config).map(({ name }) => secretOf(name, context.env));
    const report = createReport(args, context);
    if (report.json) report.document("prewarm.config/1", { settings, secrets });
    else
      for (const line of formatTable(
        [...settings, ...secrets].map(({ name, value, from }) => [name, from, text(value)]),
      ))
        report.data(line);
    return EXIT.ok;
  },
};

function settingOf(name: string, config: Config, env: Context["env"]): Found {
  if (name === "sources" && env.ORIGINALS_URL)
    return { name, value: shown(withDefaultUrl(config.sources, env.ORIGINALS_URL)), from: "environment" };
  return { name, value: shown(at(name, config)), from: at(name, config.written) === undefined ? "default" : "file" };
}

function secretOf(name: string, env: Context["env"]): Found {
  return env[name] ? { name, value: "set", from: "environment" } : { name, value: "not set here", from: "default" };
}

function at(name: string, config: object): unknown {
  return name.split(".").reduce<unknown>((under, part) => Reflect.get(Object(under), part), config);
}

/** What may be shown of a value: addresses without what may hold a token, and of functions that they are there. */
function shown(value: unknown): unknown {
  if (typeof value === "function") return "(function)";
  if (typeof value === "string") return /^https?:\/\//.test(value) ? withoutTokens(value) : value;
  if (Array.isArray(value)) return value.map(shown);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shown(inner)]));
}

/** Paths of webhooks are often secrets. A path with `{id}` is a source's. */
function withoutTokens(address: string): string {
  const from = address.indexOf("//") + 2;
  const rest = address.slice(from);
  const end = rest.search(/[/?#]/);
  const [host, path] = end < 0 ? [rest, ""] : [rest.slice(0, end), rest.slice(end)];
  const user = host.lastIndexOf("@");
  const [plain = "", query] = path.split("?");
  const kept = plain.includes("{id}") || plain.length <= 1 ? plain : "/…";
  return `${address.slice(0, from)}${user < 0 ? host : `…${host.slice(user)}`}${kept}${query === undefined ? "" : "?…"}`;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
