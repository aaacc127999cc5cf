/** What a server says of its own load, in the trailers of a reply. Untrusted: nonsense is left out. */
export interface LoadReport {
  /** Requests in flight at the server, from all its clients, when it sent the reply; ≥ 0. */
  readonly inFlight?: number;
  /** Requests it answers per second; ≥ 0. */
  readonly qps?: number;
  /** Requests per second that end in an error; ≥ 0. */
  readonly eps?: number;
  /** Share of its capacity in use, above 0; 1 is all of it. */
  readonly utilization?: number;
}
