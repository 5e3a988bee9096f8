import { receiveHook } from "../../hooks/receive-hook.ts";
import type { Registrar } from "../registrar.ts";
import { hookRoute } from "../schemas/hooks.ts";

/** Registered without the framework's body validation: the raw bytes are what is signed. */
export const registerHooks: Registrar = (app, deps) => {
  app.post(hookRoute.getRoutingPath(), async (c) =>
    c.json(await receiveHook(c.req.param("name"), c.req.raw, deps), 202),
  );
};
