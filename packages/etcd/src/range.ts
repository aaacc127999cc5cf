import type { Range } from './watch-stream.ts';

/** The range of all keys that begin with `prefix`. */
export function prefixRange(prefix: string): Range {
  const key = Buffer.from(prefix);
  const rangeEnd = Buffer.from(key);
  for (let index = rangeEnd.length - 1; index >= 0; index--) {
    const byte = rangeEnd[index] ?? 0;
    if (byte === 0xff) continue;
    rangeEnd[index] = byte + 1;
    return { key, rangeEnd: rangeEnd.subarray(0, index + 1) };
  }
  // Nothing comes after a prefix of 0xff bytes: etcd's sign for "to the end".
  return { key, rangeEnd: Buffer.from([0]) };
}
