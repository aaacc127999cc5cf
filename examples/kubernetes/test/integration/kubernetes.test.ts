import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { startUserServer, type UserServer } from '@wrr/test-support';
import { afterAll, expect, it } from 'vitest';

const cwd = join(import.meta.dirname, '../..');
const { user } = grpc.loadPackageDefinition(loadSync(join(cwd, 'user.proto'))) as any;
const servers: UserServer[] = [];
afterAll(() => {
  for (const server of servers) server.stop();
});

it('weighs the pods behind one name, and leaves out one that is drained', async () => {
  // As pods do: each on an address of its own, all on the service's port.
  let port = '0';
  for (const host of ['127.0.0.1', '127.0.0.2', '127.0.0.3']) {
    servers.push(await startUserServer(user.UserService.service, host, `${host}:${port}`));
    port = servers[0]?.address.split(':')[1] ?? port;
  }
  const preload = pathToFileURL(join(import.meta.dirname, 'answer-for-service.js'));
  const env = {
    ...process.env,
    TARGET: `dns:///user.default.svc.cluster.local:${port}`,
    WEIGHTS: JSON.stringify({ [`127.0.0.1:${port}`]: 5, [`127.0.0.3:${port}`]: 0 }),
  };
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, ['--import', preload.href, 'client.js'], {
    cwd,
    env,
  });
  const counts = JSON.parse(stdout);
  expect(Object.keys(counts).sort()).toEqual(['127.0.0.1', '127.0.0.2']);
  expect(counts['127.0.0.1'] + counts['127.0.0.2']).toBe(60);
  // Ten whole cycles; until the second connection stands, the first server gets all.
  expect(Math.min(counts['127.0.0.1'], counts['127.0.0.2'])).toBeGreaterThanOrEqual(5);
});
