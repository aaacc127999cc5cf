const INTEGER = /^-?(?:0|[1-9]\d*)$/;
const MAX_INT32 = 2_147_483_647;

/**
 * Reads a server's word on retries, the text of `grpc-retry-pushback-ms`: milliseconds to wait before
 * the next attempt, or `undefined` for "do not retry". As gRFC A6 has it, that is what a negative
 * number means, and whatever is not an integer of 32 bits.
 */
export function parsePushbackMs(text: string): number | undefined {
  const ms = INTEGER.test(text) ? Number(text) : -1;
  return ms >= 0 && ms <= MAX_INT32 ? ms : undefined;
}
