import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { afterAll, expect, it } from 'vitest';

const cwd = join(import.meta.dirname, '../..');
const servers: grpc.Server[] = [];
afterAll(() => {
  for (const server of servers) server.forceShutdown();
});

/** Serves as a pod does: on an address of its own and the service's port. */
async function serve(host: string, port: number): Promise<number> {
  const { user } = grpc.loadPackageDefinition(loadSync(join(cwd, 'user.proto'))) as any;
  const server = new grpc.Server();
  servers.push(server);
  server.addService(user.UserService.service, {
    getUser: ({ request }: any, reply: any) => reply(null, { id: request.id, servedBy: host }),
  });
  const bind = promisify(server.bindAsync.bind(server));
  return bind(`${host}:${port}`, grpc.ServerCredentials.createInsecure());
}

it('weighs the pods behind one name, and leaves out one that is drained', async () => {
  const port = await serve('127.0.0.1', 0);
  await serve('127.0.0.2', port);
  await serve('127.0.0.3', port);
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
