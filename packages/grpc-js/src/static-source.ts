import { checkEndpoints, type Endpoint, type EndpointSource } from '@wrr/core';
import { toGrpcEndpoint } from './weighted-endpoint.ts';

/**
 * Makes the endpoint source of a target `wrr:///host:port=weight,…`; a weight left out is 1.
 *
 * @throws {RangeError | TypeError} naming the entry that is wrong.
 */
export function createStaticSource(path: string): EndpointSource {
  const endpoints = path.split(',').map(parseEntry);
  checkEndpoints(endpoints);
  return {
    subscribe(listener) {
      listener({ endpoints });
      return () => {};
    },
  };
}

function parseEntry(entry: string): Endpoint {
  const at = entry.lastIndexOf('=');
  const key = at < 0 ? entry : entry.slice(0, at);
  const weight = at < 0 ? '1' : entry.slice(at + 1);
  toGrpcEndpoint({ key, weight: 1 }); // throws if it is no address
  if (!/^\d+$/.test(weight)) {
    throw new RangeError(
      `weight of ${key} must be an integer from 0 to 1000000, got ${JSON.stringify(weight)}`,
    );
  }
  return { key, weight: Number(weight) };
}
