/** Why a job ends as `failed`. The service shows no shape for a job's `error`: `{kind, message}` is the emulator's guess. */
export class JobFailure extends Error {
  readonly kind: string;

  constructor(kind: string, message: string) {
    super(message);
    this.name = "JobFailure";
    this.kind = kind;
  }
}
