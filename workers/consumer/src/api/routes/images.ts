import { AppError } from "@prewarm/shared/errors";
import { checkId } from "@prewarm/shared/image-id";
import { imageAnswer } from "../image-answer.ts";
import type { Registrar } from "../registrar.ts";
import { getImageRoute, purgeImageRoute } from "../schemas/images.ts";

export const registerImages: Registrar = (app, deps) => {
  app.openapi(getImageRoute, async (c) => {
    const { id } = c.req.valid("param");
    checkId(id);
    return c.json(await imageAnswer(id, c.req.valid("query").cursor ?? null, deps), 200);
  });
  app.openapi(purgeImageRoute, async (c) => {
    const { id } = c.req.valid("param");
    checkId(id);
    const { status, purge } = await deps.ledger.purgeImage(id, null, c.get("caller").who);
    if (status === "outdated") throw new AppError("conflict");
    return c.json({ id, purge, state: status }, 202);
  });
};
