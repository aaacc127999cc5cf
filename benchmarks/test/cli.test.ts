import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { main } from '../src/cli.ts';
import type { Row, Suite } from '../src/suite.ts';

const row: Row = {
  suite: 'toy',
  case: 'a < b',
  unit: 'ns/call',
  ours: 12.34,
  peers: { other: 98.7 },
  ratio: { other: 8 },
  rounds: 3,
  spread: { ours: [12, 13], other: [98, 99] },
};
const seen: unknown[] = [];
const toy: Suite = {
  name: 'toy',
  title: 'A toy',
  options: [{ flags: '--mode <mode>', description: 'a mode', choices: ['x', 'y'] }],
  run: ({ quick, options }) => {
    seen.push({ quick, mode: options['mode'] });
    return Promise.resolve([row]);
  },
  draw: (rows) => [{ title: 'Picture', caption: 'Of it.', svg: `<svg>${rows[0]?.ours}</svg>` }],
};

async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const written = { out: '', err: '' };
  const code = await main(argv, [toy], ['commander', 'no-such-package'], {
    out: (text) => {
      written.out += text;
    },
    err: (text) => {
      written.err += text;
    },
  });
  return { code, ...written };
}

describe('bench', () => {
  it('shows machine, versions and figures', async () => {
    const { code, out } = await run('toy', '--mode', 'y');
    expect(code).toBe(0);
    expect(out).toContain(process.version);
    expect(out).toContain('commander 14.0.3, no-such-package not installed');
    expect(out).toContain('a < b: 12.3 (12–13) ns/call');
    expect(out).toMatch(/other +98\.7 +8×/);
    expect(seen.at(-1)).toEqual({ quick: false, mode: 'y' });
  });

  it('runs every suite when none is named', async () => {
    expect((await run('--quick')).out).toContain('A toy (quick: not for quoting)');
    expect(seen.at(-1)).toEqual({ quick: true, mode: undefined });
    expect((await run()).code).toBe(0);
  });

  it('writes the rows as JSON and a report that shows them and loads nothing', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'wrr-bench-'));
    const json = join(folder, 'rows.json');
    const html = join(folder, 'report.html');
    expect((await run('all', '--json', json, '--html', html)).code).toBe(0);
    const written = JSON.parse(readFileSync(json, 'utf8'));
    expect(written.rows).toEqual([row]);
    expect(written.machine.node).toBe(process.version);
    expect(written.seconds.toy).toBeGreaterThanOrEqual(0);
    const report = readFileSync(html, 'utf8');
    expect(report).toContain('<svg>12.34</svg>');
    expect(report).toContain('a &lt; b');
    expect(report).toContain('<b>12.3</b>');
    expect(report).toContain('<td>98.7<small>8×</small></td>');
    expect(report).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)/);
  });

  it('says how well two runs agree', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'wrr-bench-'));
    const write = (name: string, ratio: Row['ratio']) => {
      const file = join(folder, name);
      writeFileSync(file, JSON.stringify({ rows: [{ ...row, ratio }] }));
      return file;
    };
    const first = write('a.json', { same: 2, near: 2, apart: 10, gone: 1, none: 0 });
    const second = write('b.json', { same: 2, near: 1.85, apart: 12, fresh: 1, none: 3 });
    const { code, out } = await run('compare', first, second);
    expect(code).toBe(0);
    expect(out).toBe(
      '3 ratios; within 5 %: 1, within 10 %: 2\n  20 % apart: toy: a < b / apart: 10.0, 12.0\n',
    );
  });

  it.each([
    [['nonsense'], "unknown command 'nonsense'"],
    [['toy', '--fast'], "unknown option '--fast'"],
    [['toy', '--mode', 'z'], 'Allowed choices are x, y'],
    [['toy', 'more'], 'too many arguments'],
    [['toy', '--json'], 'argument missing'],
  ])('rejects %j with exit code 2', async (argv, message) => {
    const { code, err } = await run(...argv);
    expect(code).toBe(2);
    expect(err).toContain(message);
  });

  it('helps', async () => {
    const { code, out } = await run('--help');
    expect(code).toBe(0);
    expect(out).toContain('toy');
    expect(out).toContain('all');
  });
});
