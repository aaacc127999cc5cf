import type { Picture, Suite } from '../suite.ts';
import type { Run } from './runs.ts';

const STYLE =
  '<style>:root{--ink:#1b1f24;--line:#d0d7de;--soft:#656d76}' +
  'text{fill:#1b1f24;font:12px system-ui,sans-serif}</style>' +
  '<rect width="100%" height="100%" fill="#fff"/>';

const REFERENCE = /\]\(results\/([\w-]+)\.svg\)/g;

/** Returns the pictures that a document shows, as files by their name in `results/`. */
export function picturesOf(
  document: string,
  { rows }: Run,
  suites: readonly Suite[],
): ReadonlyMap<string, string> {
  const drawn = new Map(
    suites.flatMap((suite) => {
      const own = rows.filter((row) => row.suite === suite.name);
      return (suite.draw?.(own) ?? []).map((picture) => [nameOf(picture), picture] as const);
    }),
  );
  const wanted = [...document.matchAll(REFERENCE)].map(([, name = '']) => name);
  return new Map(
    wanted.map((name) => {
      const picture = drawn.get(name);
      if (picture === undefined) {
        throw new TypeError(
          `there is no picture ${name}: expected one of ${[...drawn.keys()].join(', ')}`,
        );
      }
      return [`${name}.svg`, standalone(picture)] as const;
    }),
  );
}

/** A picture's title in lower case, with hyphens. */
function nameOf({ title }: Picture): string {
  return title
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
}

/** In a document a picture has no page around it that gives it colours. */
function standalone({ svg }: Picture): string {
  return `${svg.replace(/<svg[^>]*>/, (tag) => `${tag}${STYLE}`)}\n`;
}
