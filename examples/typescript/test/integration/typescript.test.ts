import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { afterAll, expect, it } from 'vitest';

const cwd = join(import.meta.dirname, '../..');
const servers: grpc.Server[] = [];
afterAll(() => {
  for (const server of servers) server.forceShutdown();
});

async function serve(name: string): Promise<string> {
  const { user } = grpc.loadPackageDefinition(loadSync(join(cwd, 'user.proto'))) as any;
  const server = new grpc.Server();
  servers.push(server);
  server.addService(user.UserService.service, {
    getUser: ({ request }: any, reply: any) => reply(null, { id: request.id, servedBy: name }),
  });
  const bind = promisify(server.bindAsync.bind(server));
  return `127.0.0.1:${await bind('127.0.0.1:0', grpc.ServerCredentials.createInsecure())}`;
}

it('spreads its calls five to one', async () => {
  const [heavy, light] = [await serve('heavy'), await serve('light')];
  const env = { ...process.env, SERVERS: `${heavy}=5,${light}=1` };
  const { stdout } = await promisify(execFile)(process.execPath, ['dist/main.js'], { cwd, env });
  const counts = /^\{ (?:heavy: (\d+), light: (\d+)|light: (\d+), heavy: (\d+)) \}\n/.exec(stdout);
  const [heavyCalls, lightCalls] = counts?.slice(1).filter(Boolean).map(Number) ?? [];
  expect((heavyCalls ?? 0) + (lightCalls ?? 0)).toBe(60);
  // Ten whole cycles; until the second connection stands, the first server gets all.
  expect(Math.min(heavyCalls ?? 0, lightCalls ?? 0)).toBeGreaterThanOrEqual(7);
  const lines = stdout.trim().split('\n').slice(1).sort();
  expect(lines).toEqual([
    'weight 1, breaker closed, connected',
    'weight 5, breaker closed, connected',
  ]);
});
