// workerd has this class and Node has not. Like there, the length must be kept exactly.
class FixedLengthStreamTwin extends TransformStream<Uint8Array, Uint8Array> {
  constructor(length: number | bigint) {
    let left = Number(length);
    super({
      transform: (chunk, controller) => {
        left -= chunk.length;
        if (left < 0) throw new TypeError("more bytes than the declared length");
        controller.enqueue(chunk);
      },
      flush: () => {
        if (left > 0) throw new TypeError("fewer bytes than the declared length");
      },
    });
  }
}
/** Gives Node the class of workerd. */
export function beFixedLengthStream(): void {
  if (!("FixedLengthStream" in globalThis)) Object.assign(globalThis, { FixedLengthStream: FixedLengthStreamTwin });
}
