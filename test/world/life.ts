/**
 * The life of one handler, or of one instance of the object. After its end nothing it still does reaches the world, as after the end of
 * an isolate.
 */
export class Life {
  dead = false;
  /** The owner's name of the handler's claim. */
  owner: string | null = null;
  /** Nothing it sends to R2 lands later than this, Unix ms. */
  readonly lastWrite: number;
  /** Resolves when nobody waits for it any more: it died, or stalls. */
  readonly left = Promise.withResolvers<void>();

  constructor(lastWrite = Number.POSITIVE_INFINITY) {
    this.lastWrite = lastWrite;
  }

  end(): void {
    this.dead = true;
    this.left.resolve();
  }

  mustLive(): void {
    if (this.dead) throw new Killed("dead (world)");
  }
}

export class Killed extends Error {}

/** Wraps every function of an object so that it does nothing, and gives no answer, once the life is over. */
export function mortal<T extends object>(target: T, life: Life): T {
  return new Proxy(target, {
    get(object, name) {
      const value: unknown = Reflect.get(object, name);
      if (typeof value !== "function") return value;
      return (...args: unknown[]) => {
        life.mustLive();
        const answer: unknown = value.apply(object, args);
        if (!(answer instanceof Promise)) return answer;
        return answer.then((result) => {
          life.mustLive();
          return result;
        });
      };
    },
  });
}
