/**
 * Everything a client or a server sets, as plain data in the words of the settings file.
 *
 * Durations are strings with a unit, such as `250ms`, `10s`, `1m`; {@link durationMs} reads them.
 * Defaults are filled in.
 */
export interface Settings {
  /** Where editors find the JSON Schema of a JSON file. Without effect. */
  readonly $schema?: string | undefined;
  /** Where services are registered. Absent: no registry. */
  readonly registry?: RegistrySettings | undefined;
  /** The services that clients call, by a name of the operator's choice. Default: none. */
  readonly services: Readonly<Record<string, ServiceSettings>>;
  /** What this process registers about itself. Absent: it is no server. */
  readonly server?: ServerSettings | undefined;
}

/** The registry, and how to get in. */
export interface RegistrySettings {
  /** Addresses, `host:port`, optionally behind `http://` or `https://`. Default `127.0.0.1:2379`. */
  readonly hosts: readonly string[];
  /** Prefix of every key. Default none. */
  readonly namespace: string;
  /** User name and password, by reference: a settings file holds no secrets. */
  readonly credentials?: CredentialReferences | undefined;
  /** Certificates for TLS, as paths of PEM files. Absent: no TLS. */
  readonly tls?: TlsFiles | undefined;
}

/** Where user name and password are found. */
export interface CredentialReferences {
  readonly username: SecretReference;
  readonly password: SecretReference;
}

/** Names an environment variable, or a file, that holds a secret. */
export type SecretReference = { readonly env: string } | { readonly file: string };

/** Paths of PEM files. Relative ones are relative to the working directory. */
export interface TlsFiles {
  /** Certificates of the authorities to trust. Default: the system's. */
  readonly caFile?: string | undefined;
  /** The client's certificate, for mutual TLS; with `keyFile`. */
  readonly certFile?: string | undefined;
  /** The client's private key; with `certFile`. */
  readonly keyFile?: string | undefined;
  /** Name to expect in the server's certificate. Default: the host. */
  readonly serverName?: string | undefined;
}

/** How one service is called. */
export interface ServiceSettings {
  /** What the channel is created for: `etcd:///service/user`, `wrr:///10.0.0.1:50051=5`, `dns:///…`. */
  readonly target: string;
  /** Weights by address that win over what the resolver says: integers from 0 (drained) to 1,000,000. */
  readonly weights: Readonly<Record<string, number>>;
  /** The circuit breaker of each endpoint; `false` for none. */
  readonly circuitBreaker: CircuitBreakerSettings | false;
  /** The ramp for endpoints that join or recover; `false` (the default) for none. */
  readonly warmUp: WarmUpSettings | false;
  /** Share of the endpoints that breakers must leave in rotation, in [0, 1]. Default 0.5. */
  readonly minAvailable: number;
  /** What happens below `minAvailable`. Default `panic`. */
  readonly onAllOpen: 'panic' | 'fail-fast';
  /** Where the sequence starts; read when a channel first resolves. Default `random`. */
  readonly startPhase: 'random' | 'first';
  /** How endpoints are chosen: by weights alone, or also by load (experimental). Default `static`. */
  readonly dispatch: 'static' | 'adaptive';
  /** Names of the status codes that count against an endpoint. Default: the policy's own list. */
  readonly failureCodes?: readonly string[] | undefined;
  /** Retries on another endpoint; `false` (the default) for none. */
  readonly failover: FailoverSettings | false;
  /** Client-side health checking; `false` (the default) for none. */
  readonly healthCheck: HealthCheckSettings | false;
}

/** Options of `createCircuitBreaker`, with durations as strings. Its documentation says what they do. */
export interface CircuitBreakerSettings {
  /** Integer ≥ 1, or `false`. Default 5. */
  readonly consecutiveFailures: number | false;
  /** Share in (0, 1], or `false`. Default 0.5. */
  readonly failureRate: number | false;
  /** Share in (0, 1], with `slowCall`; or `false`, the default. */
  readonly slowCallRate: number | false;
  /** A call that takes longer is slow. No default. */
  readonly slowCall?: string | undefined;
  /** Integer ≥ 1. Default 20. */
  readonly minimumCalls: number;
  /** Default `10s`. */
  readonly window: string;
  /** Default `1s`. */
  readonly open: string;
  /** At least `open`. Default `60s`. */
  readonly maxOpen: string;
  /** Share in [0, 1). Default 0.1. */
  readonly jitter: number;
  /** Integer ≥ 1. Default 3. */
  readonly probes: number;
  /** Integer ≥ 1. Default 1. */
  readonly probeConcurrency: number;
  /** Default `10s`. */
  readonly probeLease: string;
}

/** Options of warm-up, with durations as strings. */
export interface WarmUpSettings {
  /** Length of the ramp. */
  readonly window: string;
  /** Share of the weight at which it begins, in (0, 1]. Default 0.1. */
  readonly minimum: number;
  /** Unavailable this long means: warm up again. Default `1s`. */
  readonly afterUnavailable: string;
}

/** When and how a failed call is sent again, to another endpoint. */
export interface FailoverSettings {
  /**
   * The methods that may be sent twice: `all`, or a list of `package.Service` and
   * `package.Service/Method`. No default, because only who knows the service can say.
   */
  readonly methods: 'all' | readonly string[];
  /**
   * Who retries. `channel` (default): grpc-js, by the retry policy in its service config (gRFC A6).
   * `interceptor`: an interceptor that gets {@link failoverOptionsOf}. Never both.
   */
  readonly layer: 'channel' | 'interceptor';
  /** Attempts of a call, the first included: an integer from 2 to 5. Default 3. */
  readonly maxAttempts: number;
  /** Wait before the first retry, ± 20 %. Default `25ms`. */
  readonly initialBackoff: string;
  /** The longest wait; at least `initialBackoff`. Default `250ms`. */
  readonly maxBackoff: string;
  /** Growth of the wait from one retry to the next, from 1 to 10. Default 2. */
  readonly backoffMultiplier: number;
  /** Status codes that are retried, by name. Default `UNAVAILABLE`. */
  readonly retryableStatusCodes: readonly string[];
  /** How long an attempt may take; with layer `interceptor`. Default: as long as the call. */
  readonly perAttemptTimeout?: string | undefined;
  /** Bound of the retries; with layer `interceptor`. Default: 20 % of the calls and 10 a second. */
  readonly budget?: RetryBudgetSettings | undefined;
}

/** How many retries there can be, in a window of 10 s. */
export interface RetryBudgetSettings {
  /** Retries per call, in [0, 10]. Default 0.2. */
  readonly ratio: number;
  /** Retries per second besides, ≥ 0. Default 10. */
  readonly reservePerSecond: number;
}

/** Watches `grpc.health.v1.Health` on each endpoint. */
export interface HealthCheckSettings {
  /** The name to ask for. Default `''`: the server as a whole. */
  readonly serviceName: string;
  /** The watch is closed when the channel has had no calls for this long. Default `10s`. */
  readonly idle: string;
}

/** What a server registers: the options of `registerEndpoint`. */
export interface ServerSettings {
  /** Name of the service, such as `service/user`. */
  readonly service: string;
  /** Where it listens, `host:port`, as clients see it. */
  readonly address: string;
  /** Integer from 0 to 1,000,000. Default 1. */
  readonly weight: number;
  /** Seconds after which the registry forgets a dead server: an integer from 1 to 86,400. Default 10. */
  readonly ttlSeconds: number;
  /** Further metadata, readable by every client: no place for secrets. */
  readonly metadata: Readonly<Record<string, unknown>>;
}
