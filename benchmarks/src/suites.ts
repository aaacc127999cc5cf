import { breaker } from './breaker/breaker.ts';
import { etcd } from './etcd/etcd.ts';
import { fleet } from './fleet/fleet.ts';
import { pick } from './pick/pick.ts';
import { protection } from './protection/protection.ts';
import { rpc } from './rpc/rpc.ts';
import { rpcProxy } from './rpc-proxy/rpc-proxy.ts';
import type { Suite } from './suite.ts';

/** Every suite, in the order in which `bench all` runs them. A new suite is one line here. */
export const suites: readonly Suite[] = [pick, breaker, protection, fleet, rpc, rpcProxy, etcd];
