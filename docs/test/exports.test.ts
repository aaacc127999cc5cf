import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { root } from './documents.ts';

const files = new Map<string, ts.SourceFile>();

function parse(path: string): ts.SourceFile {
  let file = files.get(path);
  if (file === undefined) {
    file = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.ESNext, true);
    files.set(path, file);
  }
  return file;
}

/** Every name that a file exports, with the declaration behind it, through re-exports. */
function exportsOf(path: string): Map<string, ts.Node | undefined> {
  const found = new Map<string, ts.Node | undefined>();
  for (const statement of parse(path).statements) {
    if (!ts.isExportDeclaration(statement)) {
      for (const [name, node] of declarationsOf(statement)) {
        if (isExported(statement)) found.set(name, node);
      }
      continue;
    }
    const { moduleSpecifier, exportClause } = statement;
    if (exportClause === undefined || !ts.isNamedExports(exportClause)) {
      throw new Error(`${path}: an index lists its exports by name`);
    }
    const from =
      moduleSpecifier && ts.isStringLiteral(moduleSpecifier) ? moduleSpecifier.text : undefined;
    for (const { name, propertyName } of exportClause.elements) {
      const original = (propertyName ?? name).text;
      found.set(name.text, find(path, original, from));
    }
  }
  return found;
}

/** The declaration of a name that a file has from another, or declares itself. */
function find(path: string, name: string, from: string | undefined): ts.Node | undefined {
  if (from?.startsWith('.')) return exportsOf(join(dirname(path), from)).get(name);
  for (const statement of parse(path).statements) {
    const declared = declarationsOf(statement).get(name);
    if (declared !== undefined) return declared;
  }
  return undefined;
}

function declarationsOf(statement: ts.Statement): Map<string, ts.Node> {
  if (ts.isVariableStatement(statement)) {
    const names = statement.declarationList.declarations.map((each) => each.name.getText());
    return new Map(names.map((name) => [name, statement]));
  }
  const isNamed =
    ts.isFunctionDeclaration(statement) ||
    ts.isClassDeclaration(statement) ||
    ts.isInterfaceDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement);
  return isNamed && statement.name
    ? new Map([[statement.name.text, statement]])
    : new Map<string, ts.Node>();
}

function isExported(statement: ts.Statement): boolean {
  return (
    ts.canHaveModifiers(statement) &&
    (ts.getModifiers(statement) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
  );
}

/** Whether a doc comment says something: at least one sentence. */
function isDocumented(node: ts.Node | undefined): boolean {
  return (
    node !== undefined &&
    ts
      .getJSDocCommentsAndTags(node)
      .some((doc) => ts.isJSDoc(doc) && (ts.getTextOfJSDocComment(doc.comment) ?? '').trim() !== '')
  );
}

/** The entry points of the packages that are published: what their `exports` call the source. */
const entryPoints = readdirSync(join(root, 'packages')).flatMap((name): string[] => {
  const folder = join(root, 'packages', name);
  if (!existsSync(join(folder, 'package.json'))) return [];
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  if (manifest.private === true) return [];
  return Object.values(manifest.exports ?? {})
    .map((target) => (target as Record<string, string>)['@wrr/source'])
    .filter((source) => source !== undefined)
    .map((source) => join(folder, source));
});

describe.each(entryPoints.map((path) => relative(root, path)))('%s', (path) => {
  it('documents every export', () => {
    const undocumented = [...exportsOf(join(root, path))]
      .filter(([, node]) => !isDocumented(node))
      .map(([name, node]) => `${name}${node ? '' : ' (declared where?)'}`);
    expect(undocumented).toEqual([]);
  });
});

it('finds the entry points, and what lacks a comment', () => {
  expect(entryPoints.map((path) => relative(root, path))).toContain('packages/core/src/index.ts');
  expect(exportsOf(join(root, 'packages/core/src/index.ts')).size).toBeGreaterThan(50);
  const text =
    '/** Says. */ export const a = 1; export const b = 2; /** @internal */ export type C = 1;';
  const file = ts.createSourceFile('x.ts', text, ts.ScriptTarget.ESNext, true);
  expect(file.statements.map(isDocumented)).toEqual([true, false, false]);
});
