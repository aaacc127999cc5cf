import { formatOrigin, type Origin } from './origin.ts';

/** One thing that is wrong with the settings. */
export interface Problem {
  /** Where the wrong value, or its nearest ancestor, stands. */
  readonly origin: Origin;
  /** The field, such as `services.user.circuitBreaker.open`. Empty: the text as a whole. */
  readonly field: string;
  /** What is wrong, such as `must be > 0, got -5`. Secrets are masked. */
  readonly message: string;
}

/** Nobody reads more, and finding the places of a million takes too long. */
export const MAX_PROBLEMS = 50;

/**
 * Thrown when settings are wrong, with what is wrong about them, up to 50 problems. Nothing has been
 * applied.
 */
export interface ConfigError extends Error {
  readonly name: 'ConfigError';
  readonly problems: readonly Problem[];
}

const BRAND: unique symbol = Symbol.for('wrr.ConfigError');

class BrandedConfigError extends Error implements ConfigError {
  override readonly name = 'ConfigError';
  readonly [BRAND] = true;
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(formatProblem).join('\n'));
    this.problems = problems;
  }
}

/** Creates the error for a list of problems. */
export function configError(problems: readonly Problem[]): ConfigError {
  return new BrandedConfigError(problems);
}

/** Recognises a {@link ConfigError}, also one of another copy of this package. */
export function isConfigError(error: unknown): error is ConfigError {
  return typeof error === 'object' && error !== null && BRAND in error;
}

/** Writes a problem in one line: `wrr.yaml:4:15 services.user.minAvailable: must be <= 1, got 5`. */
export function formatProblem({ origin, field, message }: Problem): string {
  return `${formatOrigin(origin)} ${field === '' ? message : `${field}: ${message}`}`;
}
