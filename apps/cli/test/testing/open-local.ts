import { type IncomingHttpHeaders, request } from "node:http";

export interface Opened {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

/** Asks this machine for an address of `<name>.localhost`, which browsers know to be here and Node does not. Follows no redirect. */
export function openLocal(url: string, headers: Record<string, string> = {}, method = "GET"): Promise<Opened> {
  const { hostname, port, pathname, search, host } = new URL(url);
  if (!/(^|\.)localhost$/.test(hostname)) throw new Error(`${url} is not on this machine`);
  const given = { host: "127.0.0.1", port, path: pathname + search, method, headers: { host, ...headers } };
  return new Promise((resolve, reject) => {
    request(given, async (answer) => {
      const text = Buffer.concat(await answer.toArray()).toString("utf8");
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text });
    })
      .on("error", reject)
      .end();
  });
}
