/** One handler's, or one object's, life. After its death nothing it still does reaches the world, as after the end of an isolate. */
export interface Life {
  dead: boolean;
  /** The owner's name of the handler's claim. */
  owner?: string;
}

export class Killed extends Error {}

export function mustLive(life: Life): void {
  if (life.dead) throw new Killed("dead");
}

/** Wraps every function of an object so that it does nothing, and gives no answer, once the life is over. */
export function mortal<T extends object>(target: T, life: Life): T {
  return new Proxy(target, {
    get(object, name) {
      const value: unknown = Reflect.get(object, name);
      if (typeof value !== "function") return value;
      return (...args: unknown[]) => {
        mustLive(life);
        const answer: unknown = value.apply(object, args);
        if (!(answer instanceof Promise)) return answer;
        return answer.then((result) => {
          mustLive(life);
          return result;
        });
      };
    },
  });
}
