import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml';
import { MAX_PROBLEMS } from './config-error.ts';
import type { Path } from './path.ts';

/** A place in a text, counted from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A parsed text: its value, and where each part of it stands. */
export interface ParsedText {
  readonly ok: true;
  readonly value: unknown;
  /** Place of what is at `path`, or of its nearest ancestor: of the key itself with `part: 'key'`. */
  positionOf(path: Path, part: 'key' | 'value'): Position;
}

/** Why a text is neither YAML nor JSON. */
export interface UnparsedText {
  readonly ok: false;
  readonly problems: readonly (Position & { readonly message: string })[];
}

/** Bounds the time that parsing can take: settings of this size do not exist. */
const MAX_CHARACTERS = 100_000;

/**
 * Parses YAML 1.2 or JSON, which is a part of it. Tags, several documents and duplicate keys are
 * errors, and so is an empty text: editors and shells truncate a file before they write it, and the
 * moment between the two must not be taken for "no settings".
 */
export function parseText(text: string): ParsedText | UnparsedText {
  if (text.length > MAX_CHARACTERS) return failed(`is longer than ${MAX_CHARACTERS} characters`);
  const lines = new LineCounter();
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      uniqueKeys: false,
      logLevel: 'error',
    });
    const errors = [...document.errors, ...document.warnings, ...nameErrors(document)];
    if (errors.length > 0) {
      const problems = errors.slice(0, MAX_PROBLEMS).map((error) => {
        const { line, col } = lines.linePos(error.pos[0]);
        return { line, column: col, message: withoutQuotations(error) };
      });
      return { ok: false, problems };
    }
    if (document.contents === null) return failed('is empty');
    return {
      ok: true,
      value: document.toJS({ maxAliasCount: 1_000 }) as unknown,
      positionOf: (path, part) => positionIn(document, lines, path, part),
    };
  } catch (error) {
    // Nested too deeply for the stack, or aliases that multiply without end.
    return failed(withoutQuotations({ message: String(error) }));
  }
}

function positionIn(
  document: Document.Parsed,
  lines: LineCounter,
  path: Path,
  part: 'key' | 'value',
): Position {
  let key: Node | undefined;
  let value: Node | undefined = document.contents ?? undefined;
  for (const segment of path) {
    if (isAlias(value)) value = value.resolve(document);
    const next = child(value, segment);
    if (next === undefined) break;
    key = next.key;
    value = next.value;
  }
  const node = part === 'key' ? (key ?? value) : (value ?? key);
  const { line, col } = lines.linePos(node?.range?.[0] ?? 0);
  return { line, column: col };
}

function child(
  parent: unknown,
  segment: string | number,
): { key: Node | undefined; value: Node | undefined } | undefined {
  if (isSeq<Node>(parent)) {
    const value = parent.items[Number(segment)];
    return value === undefined ? undefined : { key: undefined, value };
  }
  if (!isMap<Node, Node | null>(parent)) return undefined;
  const pair = parent.items.find(
    ({ key }) => isScalar(key) && String(key.value) === String(segment),
  );
  return pair && { key: pair.key, value: pair.value ?? undefined };
}

/**
 * Unknown aliases, of which the parser does not say the line, and duplicate keys, which it looks for
 * in quadratic time.
 */
function nameErrors(document: Document.Parsed): readonly Complaint[] {
  const found: Complaint[] = [];
  const anchors = new Set<string>();
  visit(document, {
    Node(_key, node) {
      if ('anchor' in node && node.anchor !== undefined) anchors.add(node.anchor);
    },
    Map(_key, { anchor, items }) {
      if (anchor !== undefined) anchors.add(anchor);
      const names = new Set<string>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        const pos = [key.range?.[0] ?? 0] as const;
        const name = String(key.value);
        if (names.has(name)) found.push({ message: 'this key is there twice', pos });
        names.add(name);
      }
    },
    Alias(_key, { source, range }) {
      if (anchors.has(source)) return;
      found.push({ message: `unknown alias *${source}`, pos: [range?.[0] ?? 0] });
    },
  });
  return found;
}

interface Complaint {
  readonly message: string;
  readonly code?: string;
  readonly pos: readonly [number, ...number[]];
}

/** A parser's message may quote the text, and the text may hold what must not be shown. */
function withoutQuotations({ message, code }: Pick<Complaint, 'message' | 'code'>): string {
  if (code === 'MULTIPLE_DOCS') return 'contains several documents';
  return message.replace(/: "(?:[^"\\]|\\.)*"/g, '').replace(/: \S+$/, '');
}

function failed(message: string): UnparsedText {
  return { ok: false, problems: [{ line: 1, column: 1, message }] };
}
