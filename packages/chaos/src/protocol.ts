/** What a server's process is started with. */
export interface ServerSettings {
  readonly name: string;
  readonly port: number;
  /** What it registers: the address of the proxy in front of it. */
  readonly address: string;
  readonly weight: number;
  readonly service: string;
  readonly etcd: readonly string[];
  readonly ttlSeconds: number;
}

/** What a server is told. */
export type ServerCommand =
  | { readonly kind: 'weight'; readonly weight: number }
  /** Drains, deregisters, lets calls end, and exits. */
  | { readonly kind: 'shutdown' }
  | { readonly kind: 'measure' };

/** The libraries that a client can be made with. */
export type ClientKind = 'grpc-js' | 'nice-grpc';

/** What a client's process is started with. */
export interface ClientSettings {
  readonly kind: ClientKind;
  readonly service: string;
  readonly etcd: readonly string[];
  /** Calls a second. */
  readonly rate: number;
}

/** What a client is told. */
export type ClientCommand =
  /** Begins to count answers by server. */
  | { readonly kind: 'begin-shares' }
  /** Answers by server of the calls that began since. */
  | { readonly kind: 'end-shares' }
  | { readonly kind: 'measure' }
  /** Whether all endpoints can be picked at full weight: connected, breakers closed. */
  | { readonly kind: 'trusts-all' }
  /** Starts no more calls and waits for those in flight. */
  | { readonly kind: 'stop' };

/** What the process with the proxies is told. */
export type ProxyCommand =
  | { readonly kind: 'open'; readonly target: string }
  | { readonly kind: 'cut' | 'black-hole' | 'refuse' | 'heal'; readonly id: number }
  | { readonly kind: 'delay'; readonly id: number; readonly ms: number };

/** A process's memory and what it holds open. */
export interface Footprint {
  /** After a garbage collection, in bytes. */
  readonly heapUsed: number;
  readonly rss: number;
  /** Sockets, timers, pipes, requests. */
  readonly handles: number;
}

/** Answers by server, and how many calls needed more than one attempt or failed. */
export interface Shares {
  readonly byServer: Readonly<Record<string, number>>;
  readonly unclean: number;
}

/** A call that failed. */
export interface FailedCall {
  /** Times are epoch milliseconds of this machine's one clock. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly code: number;
  readonly details: string;
}

/** An endpoint as a client sees it. */
export type SeenEndpoint = readonly [address: string, weight: number];

/** What a client saw since its last report. */
export interface ClientReport {
  readonly from: number;
  readonly to: number;
  readonly started: number;
  readonly succeeded: number;
  readonly failed: readonly FailedCall[];
  /** What was sent to servers, first attempts included. */
  readonly attempts: number;
  /** Processor time of the client, in milliseconds. */
  readonly cpuMs: number;
  /** Milliseconds of the calls that ended, sorted. */
  readonly latencies: readonly number[];
  /** The list of endpoints, each time it changed. */
  readonly views: readonly { readonly at: number; readonly endpoints: readonly SeenEndpoint[] }[];
}

/** A time in which the machine gave a process no time. */
export interface Stall {
  readonly from: number;
  readonly to: number;
}

/** What children tell without being asked. */
export type ChildEvent =
  | { readonly event: 'ready' }
  | { readonly event: 'report'; readonly report: ClientReport }
  | { readonly event: 'calls'; readonly calls: number }
  | { readonly event: 'stall'; readonly stall: Stall };
