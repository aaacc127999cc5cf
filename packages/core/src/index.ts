export type {
  AdaptiveThrottle,
  AdaptiveThrottleOptions,
  AdaptiveThrottlePreset,
} from './adaptive-throttle.ts';
export { AEGIS_THROTTLE, createAdaptiveThrottle } from './adaptive-throttle.ts';
export type { Attempt, AttemptDetails } from './attempt.ts';
export type { AttemptLink } from './attempt-link.ts';
export {
  ATTEMPT_LINK_KEY,
  closeAttemptLink,
  findAttemptLink,
  openAttemptLink,
  openAttemptLinks,
  REFUSED_KEY,
} from './attempt-link.ts';
export type { Backoff } from './backoff.ts';
export { backoffMs } from './backoff.ts';
export type { Balancer } from './balancer.ts';
export { createBalancer } from './balancer.ts';
export type {
  BalancerOptions,
  BalancerPolicy,
  Subset,
  WarmUpOptions,
} from './balancer-options.ts';
export type { CallGuards, CallGuardsOptions, CallPermit } from './call-guards.ts';
export { createCallGuards } from './call-guards.ts';
export type {
  CircuitBreaker,
  CircuitBreakerEvent,
  CircuitBreakerJson,
  CircuitBreakerOptions,
  CircuitBreakerReason,
  CircuitMode,
  CircuitState,
} from './circuit-breaker.ts';
export { createCircuitBreaker } from './circuit-breaker.ts';
export type { Clock } from './clock.ts';
export type { DeterministicSubsetOptions } from './deterministic-subset.ts';
export { deterministicSubset } from './deterministic-subset.ts';
export type { Dispatch, DispatchedAttempt, Dispatcher } from './dispatch.ts';
export type { Endpoint } from './endpoint.ts';
export { checkEndpoints } from './endpoint.ts';
export type { EndpointSnapshot, EndpointSource, ServiceConfig } from './endpoint-source.ts';
export type { EndpointLoad, EndpointState, EndpointStatus } from './endpoint-state.ts';
export {
  AttemptTimeoutError,
  CircuitOpenError,
  DeadlineExceededError,
  isAttemptTimeoutError,
  isCircuitOpenError,
  isDeadlineExceededError,
  isNoEndpointsError,
  NoEndpointsError,
} from './errors.ts';
export type { BalancerEvent, EndpointBreakerEvent, EndpointEvent, PanicEvent } from './events.ts';
export { attemptsOf, runWithFailover } from './failover.ts';
export type {
  AttemptContext,
  FailedAttempt,
  FailoverAttempt,
  FailoverBalancer,
} from './failover-attempt.ts';
export type { FailoverDecision } from './failover-decision.ts';
export type { FailoverEvent, GiveUpReason } from './failover-event.ts';
export type { FailoverOptions } from './failover-options.ts';
export { FAILURE_STATUS_CODES, isCancelledByServer, outcomeOfStatus } from './grpc-status.ts';
export { formatTimeout, parseTimeoutMs, TIMEOUT_KEY } from './grpc-timeout.ts';
export type { Listeners } from './listeners.ts';
export { createListeners } from './listeners.ts';
export type { LoadReport } from './load-report.ts';
export { decodeLoadReport, encodeLoadReport, LOAD_KEY } from './load-report-codec.ts';
export type { MemoryRegistry, MemoryRegistryOptions } from './memory-registry.ts';
export { createMemoryRegistry } from './memory-registry.ts';
export type { Outcome } from './outcome.ts';
export type { Timers } from './patient-timer.ts';
export { PatientTimer } from './patient-timer.ts';
export type { GrantedPermit, Permit, RefusedPermit } from './permit.ts';
export type { NoPickReason, PickOptions, PickResult } from './pick.ts';
export type { FailoverRules, RetryBudgets } from './plan-failover.ts';
export { planFailover, retryBudgets } from './plan-failover.ts';
export { readProtobufNumbers } from './protobuf-numbers.ts';
export { parsePushbackMs } from './pushback.ts';
export type { QuantiseOptions } from './quantise-weights.ts';
export { quantiseWeights } from './quantise-weights.ts';
export type { Registration, RegistrationOptions } from './registration.ts';
export { checkRegistration, checkServiceName } from './registration.ts';
export type { ReplayableStream } from './replayable-stream.ts';
export { createReplayableStream } from './replayable-stream.ts';
export type { ReportedWeights, ReportedWeightsOptions } from './reported-weights.ts';
export { createReportedWeights } from './reported-weights.ts';
export type { RetryBudget, RetryBudgetOptions } from './retry-budget.ts';
export { createRetryBudget } from './retry-budget.ts';
export type {
  Scheduler,
  SchedulerEntry,
  SchedulerOptions,
  SchedulerSnapshot,
} from './scheduler.ts';
export { createSmoothWeightedRoundRobin } from './smooth-weighted-round-robin.ts';
export type { WarmUpCurve } from './warm-up.ts';
export { warmUpFactor } from './warm-up.ts';
export { checkWeight, isWeight, MAX_WEIGHT } from './weight.ts';
export type { LiveServiceConfig } from './with-service-config.ts';
export { withServiceConfig } from './with-service-config.ts';
