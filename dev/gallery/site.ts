import { createPrewarm } from "../../packages/client/src/create-prewarm.ts";
import type { ClientOptions } from "../../packages/client/src/public-config.ts";
import { type Call, createCall } from "../../packages/control-client/src/client.ts";

/** What the local stack tells the gallery of its site: `/gallery/site.json`. */
export interface GallerySite {
  edgeUrl: string;
  /** Pictures to begin with. */
  ids: string[];
  /** The part of the configuration that pages may know. */
  config: Omit<ClientOptions, "baseUrl">;
}

export type Prewarm = ReturnType<typeof createPrewarm<ClientOptions>>;

export interface Site extends GallerySite {
  prewarm: Prewarm;
  call: Call;
  /** Whether somebody is signed in who may purge and pause. */
  mayAct: boolean;
}

/** Signs in with the address's token, as the dashboard does, and asks the stack what there is. */
export async function openSite(): Promise<Site> {
  const call = createCall({ timeoutMs: 10_000 });
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token !== null) {
    // A copied address shall not hold it.
    history.replaceState(null, "", location.pathname);
    await call("POST /api/v1/session", { body: { token } }).catch(() => null);
  }
  const session = await call("GET /api/v1/session", {}).catch(() => null);
  const site: GallerySite = await (await fetch("/gallery/site.json")).json();
  const prewarm = createPrewarm<ClientOptions>({ ...site.config, baseUrl: site.edgeUrl });
  return { ...site, prewarm, call, mayAct: session?.role === "operator" };
}

/** An element with a text and attributes. */
export function make<K extends keyof HTMLElementTagNameMap>(
  name: K,
  text = "",
  attributes: Readonly<Record<string, string>> = {},
): HTMLElementTagNameMap[K] {
  const element = document.createElement(name);
  element.textContent = text;
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}
