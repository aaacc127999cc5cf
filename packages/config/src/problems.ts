import { inspect } from 'node:util';
import type * as z from 'zod';
import { MAX_PROBLEMS } from './config-error.ts';
import { isSecret, maskText } from './mask.ts';
import { isMapping, type Path } from './path.ts';
import { namesAt, suggest } from './suggestion.ts';

/** A problem whose place in the texts is still to be found. */
export interface FoundProblem {
  readonly path: Path;
  /** Whether the name itself is wrong, or the value behind it. */
  readonly part: 'key' | 'value';
  readonly message: string;
}

type Issue = z.core.$ZodIssue;

/** Puts what the schema found into our words: what was expected, and what was there. */
export function problemsOf(issue: Issue, under: Path = []): readonly FoundProblem[] {
  const path = [...under, ...issue.path.map(toSegment)];
  if (issue.code === 'unrecognized_keys') {
    const { known } = namesAt(path);
    return issue.keys.slice(0, MAX_PROBLEMS).map((name) => {
      return { path: [...path, name], part: 'key', message: `unknown key${suggest(name, known)}` };
    });
  }
  if (issue.code === 'invalid_key') {
    return issue.issues.map(({ message }) => ({ path, part: 'key', message }));
  }
  if (issue.code === 'invalid_union') return unionProblems(issue, path);
  return [{ path, part: 'value', message: messageOf(issue, path) }];
}

/**
 * A union is `false` or a mapping, or one of several mappings with a message of its own. What is a
 * mapping is judged as one, so that the error names the field inside.
 */
function unionProblems(issue: z.core.$ZodIssueInvalidUnion, path: Path): readonly FoundProblem[] {
  const branch = issue.errors.find((issues) => issues.every((inner) => !isAboutTheWhole(inner)));
  if (issue.message === 'Invalid input' && branch !== undefined) {
    return branch.flatMap((inner) => problemsOf(inner, path));
  }
  if (issue.message !== 'Invalid input') {
    return [{ path, part: 'value', message: `${issue.message}${got(issue.input, path)}` }];
  }
  const expected = issue.errors.flat().map((inner) => expectation(inner));
  const must = `must be ${[...new Set(expected)].join(' or ')}`;
  const message =
    issue.input === undefined ? `is missing: ${must}` : `${must}${got(issue.input, path)}`;
  return [{ path, part: 'value', message }];
}

function isAboutTheWhole(issue: Issue): boolean {
  return issue.path.length === 0 && issue.code !== 'unrecognized_keys' && issue.code !== 'custom';
}

function messageOf(issue: Issue, path: Path): string {
  if (issue.code === 'invalid_type' && issue.input === undefined) return 'is missing';
  if (issue.code === 'custom' && isMapping(issue.input)) return issue.message;
  if (issue.code === 'custom' || issue.code === 'invalid_format') {
    return `${issue.message}${got(issue.input, path)}`;
  }
  return `must be ${expectation(issue)}${got(issue.input, path)}`;
}

function expectation(issue: Issue): string {
  if (issue.code === 'invalid_type') return TYPES[issue.expected] ?? issue.expected;
  if (issue.code === 'too_small') {
    return bound(issue.origin, issue.inclusive ? '>=' : '>', issue.minimum);
  }
  if (issue.code === 'too_big') {
    return bound(issue.origin, issue.inclusive ? '<=' : '<', issue.maximum);
  }
  if (issue.code !== 'invalid_value') return issue.message;
  return `${issue.values.length > 1 ? 'one of ' : ''}${issue.values.join(', ')}`;
}

function bound(origin: string, comparison: string, limit: number | bigint): string {
  if (origin === 'array') return `a list of ${comparison} ${limit} items`;
  if (origin === 'string') return `a text of ${comparison} ${limit} characters`;
  return `${comparison} ${limit}`;
}

const TYPES: Readonly<Record<string, string>> = {
  object: 'a mapping',
  record: 'a mapping',
  array: 'a list',
  int: 'an integer',
  number: 'a number',
  string: 'a text',
};

function got(value: unknown, path: Path): string {
  if (value === undefined) return '';
  if (isSecret(path)) return ', got something that is not shown';
  return `, got ${show(value)}`;
}

function show(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (isMapping(value)) return 'a mapping';
  if (typeof value !== 'string') return typeof value === 'number' ? `${value}` : inspect(value);
  const text = maskText(value);
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}

function toSegment(segment: PropertyKey): string | number {
  return typeof segment === 'number' ? segment : String(segment);
}
