export {
  type CircuitBreakerCallOptions,
  type CircuitBreakerMiddlewareOptions,
  circuitBreakerMiddleware,
} from './circuit-breaker-middleware.ts';
export { CircuitOpenClientError } from './circuit-open-error.ts';
export { type DeadlineCallOptions, deadlineMiddleware } from './deadline-middleware.ts';
export { failoverMiddleware } from './failover-middleware.ts';
export type { FailoverCallOptions, FailoverMiddlewareOptions } from './failover-options.ts';
export { loadReportMiddleware } from './load-report-middleware.ts';
