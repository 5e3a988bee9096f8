import { DurableObject } from "cloudflare:workers";
import { durableSql } from "@prewarm/durable-queue";
import { Life, type Path } from "./life.ts";

/** Plays one path from accept to forgotten over the platform's own SQLite and counts the rows it bills, alarms included. */
export class Budget extends DurableObject {
  async run(path: Path): Promise<Record<string, number>> {
    const life = new Life(durableSql(this.ctx.storage));
    return life.play(path);
  }
}

export default {
  async fetch(request: Request, env: { BUDGET: DurableObjectNamespace<Budget> }): Promise<Response> {
    const path = await request.json<Path>();
    return Response.json(await env.BUDGET.getByName(JSON.stringify(path)).run(path));
  },
};
