import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { printedCounts, startUserServer, type UserServer } from '@wrr/test-support';
import { afterAll, expect, it } from 'vitest';

const cwd = join(import.meta.dirname, '../..');
const { user } = grpc.loadPackageDefinition(loadSync(join(cwd, 'user.proto'))) as any;
const servers: UserServer[] = [];
afterAll(() => {
  for (const server of servers) server.stop();
});

it('spreads its calls five to one', async () => {
  for (const name of ['heavy', 'light'])
    servers.push(await startUserServer(user.UserService.service, name));
  const [heavy, light] = servers.map((server) => server.address);
  const env = { ...process.env, SERVERS: `${heavy}=5,${light}=1` };
  const { stdout } = await promisify(execFile)(process.execPath, ['client.js'], { cwd, env });
  const counts = printedCounts(stdout);
  expect(Object.keys(counts).sort()).toEqual(['heavy', 'light']);
  expect((counts['heavy'] ?? 0) + (counts['light'] ?? 0)).toBe(60);
  // Ten whole cycles; until the second connection stands, the first server gets all.
  expect(Math.min(...Object.values(counts))).toBeGreaterThanOrEqual(7);
});
