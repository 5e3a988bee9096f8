import type { Config } from "@prewarm/shared/config";
import type * as z from "zod";
import type { ControlApi, Sending } from "../api/control-api.ts";
import type { Namer } from "../input/item.ts";
import type { Finding } from "../steps/check-deploy.ts";

/** What tools work with. */
export interface ToolDeps {
  api: ControlApi;
  /** prewarm.config.ts. Throws CliError where there is none. */
  config(): Promise<Config>;
  namer(): Promise<Namer>;
  /** What `prewarm check --offline` finds. */
  check(): Promise<Finding[]>;
  /** The edge's address, without a trailing slash. Throws CliError where it is not known. */
  edgeUrl(): string;
  /** How one call is sent: an agent waits for the answer. */
  sending(what: string, repeatable?: boolean): Sending;
}

/** A tool of the MCP server. */
export interface Tool<Input extends z.ZodObject = z.ZodObject> {
  name: string;
  /** For the model: what the tool answers, and when to call it. */
  description: string;
  input: Input;
  /** Null: it only reads. `destroys`: what it does cannot be undone, or costs money. */
  writes: null | { destroys: boolean };
  run(input: z.output<Input>, deps: ToolDeps): Promise<unknown>;
}

/** Keeps the type of the input between a tool's schema and its `run`. */
export function tool<Input extends z.ZodObject>(one: Tool<Input>): Tool {
  return one as unknown as Tool;
}
