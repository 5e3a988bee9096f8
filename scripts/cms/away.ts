import { createServer } from "node:http";
import { listen } from "../../dev/listen.ts";

interface Delivery {
  id: string;
  body: string;
}

/** Stands before a hook, so that the hook can be away for a CMS. */
export interface AwayHook {
  url: string;
  /** Answers in the place of the hook, with a status; null: the hook itself answers. */
  instead: ((delivery: Delivery) => number) | null;
  /** Bodies of the deliveries that the hook has answered, each behind its status. */
  answered: string[];
  close(): void;
}

export async function startHook(target: string): Promise<AwayHook> {
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray());
    const id = String(request.headers["webhook-id"]);
    if (hook.instead !== null) return void response.writeHead(hook.instead({ id, body: `${body}` })).end("{}");
    const names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
    const headers = Object.fromEntries(names.map((name) => [name, String(request.headers[name])]));
    const answer = await fetch(target, { method: "POST", body, headers });
    hook.answered.push(`${answer.status} ${body}`);
    response.writeHead(answer.status).end(await answer.text());
  });
  const url = `http://localhost:${await listen(server, 0)}${new URL(target).pathname}`;
  const hook: AwayHook = { url, instead: null, answered: [], close: () => void server.close() };
  return hook;
}
