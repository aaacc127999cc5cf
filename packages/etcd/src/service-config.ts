import type { ServiceConfig } from '@wrr/core';
import type { EtcdInternals } from './etcd-client.ts';
import type { Warner } from './warnings.ts';
import { watchRange } from './watch.ts';

/**
 * Follows a key whose JSON is a service config. A bad one keeps the last good one in force, and
 * warns; a deleted key means none. Tells the first time as soon as etcd has answered, or refused.
 */
export function watchServiceConfig(
  client: EtcdInternals,
  key: string,
  warner: Warner,
  tell: (config: ServiceConfig | undefined) => void,
): () => void {
  const name = client.namespace + key;
  let good: ServiceConfig | undefined;
  const watch = watchRange(
    client,
    { key: Buffer.from(name) },
    {
      onChange() {
        const kv = watch.view.get(name);
        const parsed = kv ? parseServiceConfig(kv.value.toString()) : undefined;
        if (parsed?.problem !== undefined) {
          warner.warn(`service config in etcd key ${key}: ${parsed.problem}; the last one stays`);
        } else {
          good = parsed?.config;
        }
        tell(good);
      },
      onContact() {},
      onFailure(error) {
        if (error.reason === 'unavailable' || error.reason === 'timeout') return;
        warner.warn(`service config in etcd key ${key}: ${error.message}`);
        tell(good);
      },
    },
  );
  return () => watch.close();
}

type Parsed =
  | { readonly config: ServiceConfig; readonly problem?: undefined }
  | { readonly problem: string };

/** Reads a service config, and checks the shape that gRPC gives it (`service_config.proto`). */
export function parseServiceConfig(text: string): Parsed {
  let config: unknown;
  try {
    config = JSON.parse(text, (key, value) => (key === '__proto__' ? undefined : value));
  } catch (error) {
    return { problem: `not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
  if (!isObject(config)) return { problem: 'not a JSON object' };
  const { loadBalancingConfig, methodConfig, retryThrottling } = config;
  const problem =
    problemOfPolicies(loadBalancingConfig) ??
    problemOfMethods(methodConfig) ??
    problemOfThrottling(retryThrottling);
  return problem === undefined ? { config } : { problem };
}

function problemOfPolicies(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) return 'loadBalancingConfig must be a list';
  for (const [index, policy] of value.entries()) {
    const at = `loadBalancingConfig[${index}]`;
    if (!isObject(policy) || Object.keys(policy).length !== 1) {
      return `${at} must be an object with one key, the policy's name`;
    }
    if (!Object.values(policy).every(isObject))
      return `${at}: the policy's config must be an object`;
  }
  return undefined;
}

function problemOfMethods(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) return 'methodConfig must be a list';
  for (const [index, method] of value.entries()) {
    const at = `methodConfig[${index}]`;
    if (!isObject(method)) return `${at} must be an object`;
    const { name, timeout, retryPolicy, hedgingPolicy } = method;
    if (!Array.isArray(name) || !name.every(isObject))
      return `${at}.name must be a list of objects`;
    if (timeout !== undefined && !isDuration(timeout)) {
      return `${at}.timeout must be a duration such as "1.5s"`;
    }
    if (retryPolicy !== undefined && hedgingPolicy !== undefined) {
      return `${at} has both retryPolicy and hedgingPolicy`;
    }
    const problem = problemOfRetry(retryPolicy);
    if (problem !== undefined) return `${at}.retryPolicy${problem}`;
  }
  return undefined;
}

function problemOfRetry(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (!isObject(value)) return ' must be an object';
  const { maxAttempts, initialBackoff, maxBackoff, backoffMultiplier, retryableStatusCodes } =
    value;
  if (!Number.isInteger(maxAttempts) || Number(maxAttempts) < 2) {
    return '.maxAttempts must be an integer from 2';
  }
  if (!isDuration(initialBackoff)) return '.initialBackoff must be a duration such as "0.1s"';
  if (!isDuration(maxBackoff)) return '.maxBackoff must be a duration such as "1s"';
  if (typeof backoffMultiplier !== 'number' || !(backoffMultiplier > 0)) {
    return '.backoffMultiplier must be a number > 0';
  }
  if (!Array.isArray(retryableStatusCodes) || retryableStatusCodes.length === 0) {
    return '.retryableStatusCodes must be a non-empty list';
  }
  return undefined;
}

function problemOfThrottling(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  const { maxTokens, tokenRatio } = isObject(value) ? value : {};
  const good =
    typeof maxTokens === 'number' &&
    maxTokens > 0 &&
    maxTokens <= 1_000 &&
    typeof tokenRatio === 'number' &&
    tokenRatio > 0;
  return good ? undefined : 'retryThrottling needs maxTokens from 0 to 1000 and tokenRatio > 0';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isDuration(value: unknown): boolean {
  return typeof value === 'string' && /^\d+(\.\d{1,9})?s$/.test(value);
}
