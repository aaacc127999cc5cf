// Entry of the process that all connections run through. It has nothing else to do: the schedule's own
// work must not hold connections up.
import { startTcpProxy, type TcpProxy } from '@wrr/test-support';
import { obeyParent, tellParent } from './child-side.ts';
import type { ProxyCommand } from './protocol.ts';
import { watchStalls } from './stall-watch.ts';

const proxies: TcpProxy[] = [];

function proxyOf(id: number): TcpProxy {
  const proxy = proxies[id];
  if (proxy === undefined) throw new Error(`no proxy ${id}`);
  return proxy;
}

obeyParent(async (received) => {
  const command = received as ProxyCommand;
  switch (command.kind) {
    case 'open': {
      const proxy = await startTcpProxy({ target: command.target });
      return { id: proxies.push(proxy) - 1, endpoint: proxy.endpoint };
    }
    case 'cut':
      return proxyOf(command.id).cut();
    case 'black-hole':
      return proxyOf(command.id).blackHole();
    case 'delay':
      return proxyOf(command.id).delay(command.ms);
    case 'refuse':
      return proxyOf(command.id).refuse();
    case 'heal':
      return proxyOf(command.id).heal();
  }
});
watchStalls();
tellParent({ event: 'ready' });
