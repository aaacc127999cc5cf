import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A valid file that uses most of what there is. */
export const SAMPLE = `registry:
  hosts: [10.0.0.1:2379, 10.0.0.2:2379]
  namespace: prod/
  credentials:
    username: { env: ETCD_USER }
    password: { file: /run/secrets/etcd }
  tls:
    caFile: /etc/wrr/ca.pem
services:
  user:
    target: etcd:///service/user
    weights:
      10.0.0.1:50051: 5
      10.0.0.2:50051: 1
    circuitBreaker:
      consecutiveFailures: 3
      failureRate: 0.4
      window: 20s
      open: 500ms
      maxOpen: 1m
    warmUp: { window: 30s }
    minAvailable: 0.6
    onAllOpen: fail-fast
    failover:
      maxAttempts: 4
      initialBackoff: 20ms
      maxBackoff: 250ms
      retryableStatusCodes: [UNAVAILABLE, RESOURCE_EXHAUSTED]
      methods: [user.UserService/Get, user.Search]
  order-api:
    target: dns:///order.prod:50051
    circuitBreaker: false
server:
  service: service/user
  address: 10.0.0.3:50051
  weight: 5
  ttlSeconds: 10
  metadata: { zone: a, rack: 12 }
`;

/** Writes a file into a directory of its own, which goes away with the test. */
export async function temporaryFile(text: string, name = 'wrr.yaml'): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'wrr-config-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const file = join(directory, name);
  await writeFile(file, text);
  return file;
}
