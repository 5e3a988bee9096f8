import * as z from "zod";

export const troubleParams = z.object({ key: z.string().max(50).meta({ description: "`key` of a warning" }) });

export const Acknowledgement = z
  .strictObject({
    cause: z
      .string()
      .max(200)
      .optional()
      .meta({ description: "`cause` of the warning that you saw: another one is refused. Left out: any" }),
  })
  .meta({ id: "Acknowledgement" });
