import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort, waitFor } from '@wrr/test-support';
import type { FoundProxy } from './find-proxy.ts';

/** A server behind the proxy. */
export interface Backend {
  /** `host:port`. */
  readonly address: string;
  readonly weight: number;
}

/** A proxy that runs. */
export interface RunningProxy {
  /** `host:port` at which it takes gRPC without TLS. */
  readonly address: string;
  close(): Promise<void>;
}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/**
 * nginx as its documentation of `ngx_http_grpc_module` shows it, with one worker, weights and
 * connections to the servers kept open (without that it would open one for every call).
 */
export function startNginx(found: FoundProxy, backends: readonly Backend[]): Promise<RunningProxy> {
  return start(found, (port, folder) => ({
    args: ['-p', folder, '-e', 'stderr', '-c', 'proxy.conf'],
    config: `
daemon off;
worker_processes 1;
error_log stderr error;
pid ${folder}/pid;
events { worker_connections 1024; }
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((what) => `${what}_temp_path ${folder}/${what};`).join('\n  ')}
  upstream servers {
${backends.map(({ address, weight }) => `    server ${address} weight=${weight};`).join('\n')}
    keepalive 64;
    keepalive_requests 1000000;
  }
  server {
    listen 127.0.0.1:${port} http2;
    keepalive_requests 1000000;
    location / { grpc_pass grpc://servers; }
  }
}
`,
  }));
}

/** HAProxy in HTTP/2 mode on both sides, with one thread and weights. */
export function startHaproxy(
  found: FoundProxy,
  backends: readonly Backend[],
): Promise<RunningProxy> {
  return start(found, (port) => ({
    args: ['-q', '-db', '-f', 'proxy.conf'],
    config: `
global
  maxconn 4096
  nbthread 1
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend calls
  bind 127.0.0.1:${port} proto h2
  default_backend servers
backend servers
  balance roundrobin
${backends.map(({ address, weight }, i) => `  server s${i} ${address} proto h2 weight ${weight}`).join('\n')}
`,
  }));
}

async function start(
  { binary, env }: FoundProxy,
  plan: (port: number, folder: string) => { args: readonly string[]; config: string },
): Promise<RunningProxy> {
  const folder = await mkdtemp(join(tmpdir(), 'wrr-proxy-'));
  const port = await findFreePort();
  const { args, config } = plan(port, folder);
  await writeFile(join(folder, 'proxy.conf'), config);
  const child = spawn(binary, args, { cwd: folder, env, stdio: ['ignore', 'ignore', 'inherit'] });
  running.add(child);
  const ended = once(child, 'exit').finally(() => running.delete(child));
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  try {
    await waitFor(async () => {
      if (!isRunning()) throw new Error(`${binary} ended at start`);
      return answers(port);
    });
  } catch (error) {
    child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  return {
    address: `127.0.0.1:${port}`,
    async close() {
      if (isRunning()) child.kill('SIGTERM');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}
