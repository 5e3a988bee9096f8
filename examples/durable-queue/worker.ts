import type { Mail, Mails } from "./mails.ts";
import type { Delivery, Webhooks } from "./webhooks.ts";

export { Mails } from "./mails.ts";
export { Webhooks } from "./webhooks.ts";

interface Env {
  WEBHOOKS: DurableObjectNamespace<Webhooks>;
  MAILS: DurableObjectNamespace<Mails>;
}
const webhooksOf = ({ WEBHOOKS }: Env) => WEBHOOKS.get(WEBHOOKS.idFromName("main"));
const mailsOf = ({ MAILS }: Env) => MAILS.get(MAILS.idFromName("main"));

const USE = "POST /webhooks a list of { id, url, body }, POST /mails { id, at, to, text }, DELETE /mails/<id>";

const worker: ExportedHandler<Env> = {
  async fetch(request, env) {
    const [, list, id] = new URL(request.url).pathname.split("/");
    if (request.method === "DELETE" && list === "mails" && id) {
      await mailsOf(env).cancel(decodeURIComponent(id));
      return new Response(null, { status: 204 });
    }
    if (request.method !== "POST") return new Response(USE, { status: 405 });
    if (list === "mails") return accepted(await mailsOf(env).send(await request.json<Mail>()));
    const batch = request.headers.get("idempotency-key") ?? crypto.randomUUID();
    return accepted(await webhooksOf(env).accept(batch, await request.json<Delivery[]>()));
  },
  async scheduled(_event, env) {
    await Promise.all([webhooksOf(env).rearm(), mailsOf(env).rearm()]);
  },
};
export default worker;

function accepted(answer: { status: string }): Response {
  return Response.json(answer, { status: answer.status === "full" ? 503 : 202 });
}
