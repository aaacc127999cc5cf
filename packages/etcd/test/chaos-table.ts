import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { findEtcd } from '@wrr/test-support';

const file = join(import.meta.dirname, '../../../reports/etcd.jsonl');

/** Before the run: forgets the last one. After it: prints its figures as a Markdown table. */
export function setup(): () => Promise<void> {
  mkdirSync(dirname(file), { recursive: true });
  rmSync(file, { force: true });
  return async () => {
    const found = await findEtcd();
    const version = found.kind === 'found' ? found.version : 'none';
    const rows = readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line): { id: string; promised: string; figure: string } => JSON.parse(line))
      .sort((a, b) => a.id.localeCompare(b.id, 'en', { numeric: true }));
    console.log(
      [
        `\netcd ${version}, Node ${process.version}, ${cpus().length} CPUs, ${new Date().toISOString()}\n`,
        '| id | promised | measured |',
        '|---|---|---|',
        ...rows.map(({ id, promised, figure }) => `| ${id} | ${promised} | ${figure} |`),
      ].join('\n'),
    );
  };
}
