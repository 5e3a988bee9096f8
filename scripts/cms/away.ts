import { createServer } from "node:http";
import { listen } from "../../dev/listen.ts";

/** Stands before a hook, so that the hook can be away for a CMS. */
export interface AwayHook {
  url: string;
  isAway: boolean;
  /** Bodies of the deliveries that the hook has answered, each behind its status. */
  answered: string[];
  close(): void;
}

export async function startHook(target: string): Promise<AwayHook> {
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray());
    if (hook.isAway) return void response.writeHead(503).end();
    const names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
    const headers = Object.fromEntries(names.map((name) => [name, String(request.headers[name])]));
    const answer = await fetch(target, { method: "POST", body, headers });
    hook.answered.push(`${answer.status} ${body}`);
    response.writeHead(answer.status).end(await answer.text());
  });
  const url = `http://localhost:${await listen(server, 0)}/`;
  const hook: AwayHook = { url, isAway: false, answered: [], close: () => void server.close() };
  return hook;
}
