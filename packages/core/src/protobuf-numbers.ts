/**
 * Reads the numbers of a protobuf message: calls `onNumber` for each varint and each double, in order,
 * with the field's number, and skips whatever else there is. For the few numbers that servers send of
 * their load, without a protobuf library. A varint above 2⁵³ is read rounded.
 *
 * @returns whether the bytes are a message. They come from a server: numbers were told before the end of
 *   one that is not, so forget them then.
 */
export function readProtobufNumbers(
  bytes: Uint8Array,
  onNumber: (field: number, value: number, isDouble: boolean) => void,
): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let factor = 1; factor <= 2 ** 63; factor *= 128) {
      const byte = bytes[at++];
      if (byte === undefined) return Number.NaN;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
    return Number.NaN;
  };
  while (at < bytes.length) {
    const tag = varint();
    const field = Math.floor(tag / 8);
    switch (tag % 8) {
      case 0: {
        const value = varint();
        if (Number.isNaN(value)) return false;
        onNumber(field, value, false);
        break;
      }
      case 1:
        if (at + 8 <= bytes.length) onNumber(field, view.getFloat64(at, true), true);
        at += 8;
        break;
      case 2: {
        const length = varint();
        at += length;
        break;
      }
      case 5:
        at += 4;
        break;
      default:
        return false;
    }
    if (!(at <= bytes.length)) return false;
  }
  return true;
}
