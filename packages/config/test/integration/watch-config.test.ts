import { execFile } from 'node:child_process';
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type ConfigEvent, type ConfigWatch, type WatchOptions, watchConfig } from '@wrr/config';
import { expect, it, onTestFinished, vi } from 'vitest';
import { memoryKey } from '../memory-key.ts';
import { temporaryFile } from '../sample.ts';

const text = (weight: number) =>
  `services: { user: { target: "dns:///user:1", weights: { "a:1": ${weight} } } }\n`;

interface Watched {
  readonly live: ConfigWatch;
  readonly file: string;
  readonly events: ConfigEvent[];
  /** The weights that listeners were told, in order. */
  readonly weights: unknown[];
}

async function watching(file: string, options: Partial<WatchOptions> = {}): Promise<Watched> {
  // Polling is put off, so that it cannot stand in for what the test is about.
  const live = await watchConfig({ file, env: {}, pollMs: 3_600_000, ...options });
  onTestFinished(() => live.close());
  const events: ConfigEvent[] = [];
  const weights: unknown[] = [];
  live.events.subscribe((event) => events.push(event));
  live.subscribe(({ settings: { services } }) => {
    const { user } = services;
    weights.push(user?.weights['a:1']);
  });
  return { live, file, events, weights };
}

/** As editors save: nobody sees a part of it. */
async function replace(file: string, content: string): Promise<void> {
  await writeFile(`${file}~`, content);
  await rename(`${file}~`, file);
}

const until = <T>(check: () => T) => vi.waitFor(check, { timeout: 10_000, interval: 5 });

it('sees every write', async () => {
  const { file, weights } = await watching(await temporaryFile(text(1)));
  for (const weight of [2, 3, 4]) {
    await writeFile(file, text(weight));
    await until(() => expect(weights.at(-1)).toBe(weight));
  }
  expect(weights).toEqual([1, 2, 3, 4]);
});

it('sees every atomic replacement, as editors make them', async () => {
  const { file, weights } = await watching(await temporaryFile(text(1)));
  for (const weight of [2, 3, 4]) {
    await replace(file, text(weight));
    await until(() => expect(weights.at(-1)).toBe(weight));
  }
  expect(weights).toEqual([1, 2, 3, 4]);
});

it('sees Kubernetes swap the symlink of a ConfigMap', async () => {
  const directory = dirname(await temporaryFile(''));
  const version = async (name: string, weight: number) => {
    await mkdir(join(directory, name));
    await writeFile(join(directory, name, 'settings.yaml'), text(weight));
    await symlink(name, join(directory, '..data_tmp'));
    await rename(join(directory, '..data_tmp'), join(directory, '..data'));
  };
  await version('..2026_1', 1);
  await symlink(join('..data', 'settings.yaml'), join(directory, 'settings.yaml'));

  const { weights } = await watching(join(directory, 'settings.yaml'));
  for (const weight of [2, 3, 4]) {
    await version(`..2026_${weight}`, weight);
    await rm(join(directory, `..2026_${weight - 1}`), { recursive: true });
    await until(() => expect(weights.at(-1)).toBe(weight));
  }
  expect(weights).toEqual([1, 2, 3, 4]);
});

it('takes a burst of writes for one change, and ends with the last', async () => {
  const { file, weights } = await watching(await temporaryFile(text(1)), { debounceMs: 200 });
  for (let weight = 2; weight <= 100; weight++) await writeFile(file, text(weight));
  await until(() => expect(weights.at(-1)).toBe(100));
  // One, if the machine is not so busy that the burst lasts longer than the debounce allows.
  expect(weights.length).toBeLessThanOrEqual(5);
});

it('never takes a truncated or half written file for settings', async () => {
  const { file, weights, events } = await watching(await temporaryFile(text(1)));
  const rejections = () => events.filter(({ type }) => type === 'rejected').length;
  await replace(file, '');
  await until(() => expect(rejections()).toBe(1));
  await replace(file, text(2).slice(0, 40));
  await until(() => expect(rejections()).toBe(2));
  await replace(file, text(2));
  await until(() => expect(weights).toEqual([1, 2]));
});

it('keeps the last good settings, and says what is wrong and where', async () => {
  const { live, file, weights, events } = await watching(await temporaryFile(text(1)));
  const before = live.current;
  await replace(file, text(-3));
  await until(() => expect(events).toHaveLength(1));
  expect(events[0]).toMatchObject({ type: 'rejected', source: 'file' });
  expect(String((events[0] as { error?: Error }).error)).toMatch(
    /wrr.yaml:1:64 services.user.weights\["a:1"\]: must be >= 0, got -3$/,
  );
  expect(live.current).toBe(before);
  expect(weights).toEqual([1]);

  const late: ConfigEvent[] = [];
  live.events.subscribe((event) => late.push(event));
  expect(late).toEqual(events); // whoever comes later hears what stands

  await replace(file, text(1));
  await until(() =>
    expect(events.at(-1)).toEqual({ type: 'applied', source: 'file', changed: [] }),
  );
  const later: ConfigEvent[] = [];
  live.events.subscribe((event) => later.push(event));
  expect(later).toEqual([]);
});

it('still says that the file is gone after the key has changed', async () => {
  const key = memoryKey();
  const { live, file, events } = await watching(await temporaryFile(text(1)), { key });
  await rm(file);
  await until(() => expect(events.at(-1)?.type).toBe('rejected'));
  key.put(text(7));
  expect(events.at(-1)).toMatchObject({ type: 'applied', source: 'key' });
  const standing: ConfigEvent[] = [];
  live.events.subscribe((event) => standing.push(event));
  expect(standing).toMatchObject([{ type: 'rejected', source: 'file' }]);
});

it('survives that the file goes away and comes back, even unchanged', async () => {
  const { file, weights, events } = await watching(await temporaryFile(text(1)));
  await rm(file);
  await until(() => expect(events.at(-1)?.type).toBe('rejected'));
  expect(String((events.at(-1) as { error?: Error }).error)).toContain('cannot be read: ENOENT');
  await writeFile(file, text(1));
  await until(() => expect(events.at(-1)?.type).toBe('applied'));
  await writeFile(file, text(2));
  await until(() => expect(weights).toEqual([1, 2]));
});

it('is not held up by a busy neighbour in the directory', async () => {
  const { file, weights } = await watching(await temporaryFile(text(1)));
  const neighbour = new AbortController();
  const gone = (async () => {
    while (!neighbour.signal.aborted)
      await writeFile(join(dirname(file), 'log'), String(Math.random()));
  })();
  for (const weight of [2, 3]) {
    await writeFile(file, text(weight));
    await until(() => expect(weights.at(-1)).toBe(weight));
  }
  neighbour.abort();
  await gone;
});

it('polls when nothing else says that the file has changed', async () => {
  const file = await temporaryFile(text(1));
  const elsewhere = await temporaryFile(text(1));
  await rm(file);
  await symlink(elsewhere, file);
  const { weights } = await watching(file, { pollMs: 100 });
  await writeFile(elsewhere, text(2)); // no event in the link's directory
  await until(() => expect(weights).toEqual([1, 2]));
});

it('lets the key win, and returns to the file when the key is deleted', async () => {
  const key = memoryKey();
  const { live, file, weights, events } = await watching(await temporaryFile(text(1)), { key });
  key.put(text(7));
  expect(weights).toEqual([1, 7]);
  expect(events.at(-1)).toEqual({
    type: 'applied',
    source: 'key',
    changed: ['services.user.weights["a:1"]'],
  });
  expect(live.current.originOf(['services', 'user', 'weights', 'a:1'])).toMatchObject({
    kind: 'key',
    key: 'settings/client',
    revision: '1',
    line: 1,
  });

  await replace(file, text(2)); // in force below the key, so nothing changes yet
  await until(() => expect(events.at(-1)).toMatchObject({ type: 'applied', source: 'file' }));
  expect(weights).toEqual([1, 7]);
  key.delete();
  expect(weights).toEqual([1, 7, 2]);
});

it('can be steered by the key while the file is broken', async () => {
  const key = memoryKey();
  const { live, file, weights, events } = await watching(await temporaryFile(text(1)), { key });
  await replace(file, '{ broken');
  await until(() => expect(events.at(-1)?.type).toBe('rejected'));
  key.put(text(7));
  expect(weights).toEqual([1, 7]);
  key.put('also: broken');
  expect(events.at(-1)).toMatchObject({ type: 'rejected', source: 'key' });
  expect(weights).toEqual([1, 7]);
  key.delete();
  expect(weights).toEqual([1, 7, 1]); // the file's last good value

  const standing: ConfigEvent[] = [];
  live.events.subscribe((event) => standing.push(event));
  expect(standing).toMatchObject([{ type: 'rejected', source: 'file' }]);
});

it('does not wait for a silent key for ever, and says so', async () => {
  let speak: ((value: string, revision: number) => void) | undefined;
  const source = {
    subscribe(listener: (value: string, revision: number) => void, onFailure?: (e: Error) => void) {
      speak = listener;
      onFailure?.(new Error('no member answers'));
      return () => {};
    },
  };
  const key = { name: 'settings/client', source };
  const { weights, events } = await watching(await temporaryFile(text(1)), {
    key,
    keyTimeoutMs: 50,
  });
  expect(events).toEqual([
    {
      type: 'degraded',
      source: 'key',
      reason: 'not heard of within 50 ms: going on without it',
    },
  ]);
  speak?.(text(7), 1);
  expect(weights).toEqual([1, 7]);
});

it('refuses to start with wrong settings or options', async () => {
  const file = await temporaryFile('services: 5');
  await expect(watchConfig({ file, env: {} })).rejects.toThrow(/wrr.yaml:1:11 services: must be a/);
  const good = await temporaryFile(text(1));
  await expect(watchConfig({ file: good, debounceMs: -1 })).rejects.toThrow(
    'debounceMs must be > 0 and <= 86400000, got -1',
  );
});

it('is not changed by a listener that throws', async () => {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  onTestFinished(() => warn.mockRestore());
  const key = memoryKey();
  const { live, weights } = await watching(await temporaryFile(text(1)), { key });
  live.subscribe(() => {
    throw new Error('mine');
  });
  live.subscribe(({ settings }) => weights.push(settings));
  key.put(text(7));
  expect(weights).toHaveLength(4);
  expect(warn).toHaveBeenCalledTimes(2);
});

it('keeps no process alive', async () => {
  const file = await temporaryFile(text(1));
  const program = `
    import { watchConfig } from '@wrr/config';
    const live = await watchConfig({ file: process.argv[1], env: {} });
    live.subscribe(({ settings }) => console.log(Object.keys(settings.services).join()));
  `;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '-e', program, file],
    { cwd: import.meta.dirname, timeout: 15_000 },
  );
  expect(stdout).toBe('user\n');
});

it('is silent after close, which is safe twice', async () => {
  const key = memoryKey();
  const { live, file, weights } = await watching(await temporaryFile(text(1)), { key });
  live.close();
  live.close();
  expect(key.subscribers).toBe(0);
  const other = await watching(file);
  for (const weight of [2, 3]) {
    await writeFile(file, text(weight));
    await until(() => expect(other.weights.at(-1)).toBe(weight));
  }
  expect(weights).toEqual([1]);
});
