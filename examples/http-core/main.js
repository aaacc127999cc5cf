import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { createHttpClient } from './client.js';

/** Starts a server process; with `port`, where another one was. */
async function start(port = 0) {
  const script = new URL('./server.js', import.meta.url).pathname;
  const child = spawn(process.execPath, [script, String(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(child.stdout, 'data');
  return { child, port: Number(line), key: `127.0.0.1:${Number(line)}` };
}

const servers = await Promise.all([start(), start(), start()]);
const client = createHttpClient(servers.map(({ key }, i) => ({ key, weight: [5, 3, 1][i] ?? 1 })));

let failed = 0;

/** Sends GETs for so long, eight at a time, and says who answered. */
async function scene(title, ms, event = () => {}) {
  const counts = new Map(servers.map(({ key }) => [key, 0]));
  const latencies = [];
  let errors = 0;
  const end = performance.now() + ms;
  const loop = async () => {
    while (performance.now() < end) {
      const sent = performance.now();
      try {
        const { server } = await client.request('/');
        counts.set(server, (counts.get(server) ?? 0) + 1);
        latencies.push(performance.now() - sent);
      } catch (error) {
        errors++;
        console.error(error);
      }
      await wait(5);
    }
  };
  const loops = Array.from({ length: 8 }, loop);
  await wait(ms / 10);
  event();
  await Promise.all(loops);
  failed += errors;
  latencies.sort((a, b) => a - b);
  const calls = latencies.length + errors;
  const shares = [...counts.values()].map((n) => `${Math.round((100 * n) / calls)} %`).join(' ');
  const p99 = Math.round(latencies[Math.floor(latencies.length * 0.99)] ?? 0);
  console.log(
    `${title.padEnd(34)} ${calls} calls, ${errors} failed, shares ${shares}, p99 ${p99} ms`,
  );
}

const [heavy, middle] = servers;
try {
  await scene('weights 5, 3, 1', 1_000);
  await scene('the heaviest is killed', 1_500, () => heavy.child.kill('SIGKILL'));
  heavy.child = (await start(heavy.port)).child;
  await scene('it is back, and warms up', 4_000);
  await scene('the second one hangs', 2_500, () => middle.child.kill('SIGSTOP'));
  console.table(
    client
      .endpoints()
      .map(({ key, weight, breaker, failures }) => ({ key, weight, breaker, failures })),
  );
} finally {
  for (const { child } of servers) child.kill('SIGKILL');
}
process.exitCode = failed === 0 ? 0 : 1;
