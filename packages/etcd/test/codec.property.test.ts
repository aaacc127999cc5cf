import { decodeEndpoint, encodeEndpoint } from '@wrr/etcd';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const weight = fc.integer({ min: 0, max: 1_000_000 });
const address = fc
  .tuple(
    fc.oneof(
      fc.ipV4(),
      fc.domain(),
      fc.ipV6().map((ip) => `[${ip}]`),
    ),
    fc.integer({ min: 1, max: 65_535 }),
  )
  .map(([host, port]) => `${host}:${port}`);
const metadata = fc
  .dictionary(
    fc.string().filter((name) => name !== 'weight'),
    fc.jsonValue(),
  )
  .map((object) => JSON.parse(JSON.stringify(object)))
  .filter((object: object) => !JSON.stringify(object).includes('__proto__'));

describe('the codec', () => {
  it('reads what it writes', () => {
    fc.assert(
      fc.property(address, weight, metadata, (addr, w, more) => {
        const decoded = decodeEndpoint(Buffer.from(encodeEndpoint(addr, w, more)));
        expect(decoded).toEqual({
          kind: 'endpoint',
          endpoint: {
            address: addr,
            weight: w,
            ...(Object.keys(more).length > 0 && { metadata: more }),
          },
        });
      }),
    );
  });

  it('makes an endpoint or a reason of any bytes, and never throws', () => {
    const near = fc
      .tuple(fc.string(), fc.jsonValue(), fc.jsonValue())
      .map(([addr, op, meta]) =>
        Buffer.from(JSON.stringify({ Op: op, Addr: addr, Metadata: meta })),
      );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 200 }),
          fc.json().map((text) => Buffer.from(text)),
          near,
        ),
        (bytes) => {
          const decoded = decodeEndpoint(bytes);
          if (decoded.kind === 'malformed') {
            expect(decoded.reason).not.toBe('');
            return;
          }
          const { endpoint } = decoded;
          expect(Number.isInteger(endpoint.weight)).toBe(true);
          expect(endpoint.weight).toBeGreaterThanOrEqual(0);
          expect(endpoint.weight).toBeLessThanOrEqual(1_000_000);
          expect(endpoint.address).toMatch(/^\S+:\d+$/);
        },
      ),
      { numRuns: 5_000 },
    );
  });

  it('survives depth and size', () => {
    const deep = `${'{"Metadata":'.repeat(100_000)}1${'}'.repeat(100_000)}`;
    expect(decodeEndpoint(Buffer.from(deep)).kind).toBe('malformed');
    const long = JSON.stringify({ Addr: `${'a'.repeat(1_000_000)}:1`, Metadata: { weight: 2 } });
    expect(decodeEndpoint(Buffer.from(long)).kind).toBe('malformed');
  });
});
