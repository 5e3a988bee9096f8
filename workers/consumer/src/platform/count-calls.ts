/** The same object; `called` is called before each call of a method. */
export function countCalls<T extends object>(target: T, called: () => void): T {
  return new Proxy(target, {
    get(object, name) {
      const value: unknown = Reflect.get(object, name);
      if (typeof value !== "function") return value;
      return (...args: unknown[]): unknown => {
        called();
        return value.apply(object, args);
      };
    },
  });
}

/** A redirect that is followed by hand is a call of its own. */
export function countFetch(real: typeof fetch, called: () => void): typeof fetch {
  return (...args) => {
    called();
    return real(...args);
  };
}
