import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';

/** Makes Node refuse what a browser does not have: grpc-js, nice-grpc, and Node's own modules. */
const HOOKS = `
  export async function resolve(specifier, context, next) {
    if (/^(@grpc\\/|nice-grpc$|node:)/.test(specifier)) throw new Error('imported ' + specifier);
    return next(specifier, context);
  }`;

/** A program that uses the built middlewares, with a transport that is played. */
const PROGRAM = `
  import { register } from 'node:module';
  register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(HOOKS)}));
  delete globalThis.process.getBuiltinModule;
  const { circuitBreakerMiddleware, failoverMiddleware, deadlineMiddleware, CircuitOpenClientError } =
    await import('@wrr/nice-grpc');
  const { ClientError, Status, composeClientMiddleware } = await import('nice-grpc-common');

  const path = '/test.Service/Method';
  const call = {
    method: { path, requestStream: false, responseStream: false, options: {} },
    requestStream: false, responseStream: false, request: 'request',
    async *next() { throw new ClientError(path, Status.UNAVAILABLE, 'down'); },
  };
  const middleware = composeClientMiddleware(
    composeClientMiddleware(
      failoverMiddleware({ idempotent: () => true, maxAttempts: 2, backoff: { initialMs: 0 } }),
      circuitBreakerMiddleware({ circuitBreaker: { consecutiveFailures: 1 } }),
    ),
    deadlineMiddleware,
  );
  for (let index = 0; index < 2; index++) {
    await middleware(call, { deadline: 1000 }).next().catch((error) => {
      console.log(error instanceof CircuitOpenClientError ? error.reason : error.details);
    });
  }`;

it('the middlewares run without grpc-js and Node, as in a browser with nice-grpc-web', async () => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM], {
    cwd: join(import.meta.dirname, '../..'),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [printed, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  expect(printed).toBe('down\nopen\n');
  expect(code).toBe(0);
});
