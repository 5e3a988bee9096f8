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
  /** Subrequests so far, those under way that hold a connection, and the most of these at once. */
  readonly calls = { all: 0, open: 0, most: 0 };
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

/** Counts what the platform limits: each call of the target is a subrequest that holds a connection until its answer has come. */
export function counted<T extends object>(target: T, { calls }: Life): T {
  return new Proxy(target, {
    get(object, name) {
      const value: unknown = Reflect.get(object, name);
      if (typeof value !== "function") return value;
      return (...args: unknown[]) => {
        const answer: unknown = value.apply(object, args);
        if (!(answer instanceof Promise)) return answer;
        calls.all += 1;
        calls.open += 1;
        calls.most = Math.max(calls.most, calls.open);
        const over = (): void => {
          calls.open -= 1;
        };
        answer.then(over, over);
        return answer;
      };
    },
  });
}

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
