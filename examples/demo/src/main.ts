/** The main job on one screen. Run it with `--help` for its options. */
import { performance } from 'node:perf_hooks';
import { styleText } from 'node:util';
import { parseOptions, USAGE } from './options.ts';
import { Ledger } from './promises.ts';
import { openRegistry, SERVICE } from './registry.ts';
import { scenes } from './scenes.ts';
import { openScreen } from './screen.ts';
import { DemoServer } from './servers.ts';
import { frameOf, type Stage } from './stage.ts';
import { Traffic } from './traffic.ts';
import { openClient } from './user-client.ts';

const options = parseOptions(process.argv.slice(2));
if (options.kind === 'help') {
  console.log(USAGE);
} else if (options.kind === 'wrong') {
  console.error(`${options.message}\n\n${USAGE}`);
  process.exitCode = 2;
} else {
  const stream = options.json ? process.stderr : process.stdout;
  const screen = openScreen(stream, options.plain);
  const started = performance.now();
  const registry = await openRegistry(options.registry, (line) => screen.say(line));
  screen.say(styleText('bold', `wrr demo · ${registry.title} · Node.js ${process.version}`));
  screen.say('starting three servers: alpha (weight 5), beta (3) and gamma (1) …');

  const server = (name: string, weight: number) => new DemoServer(name, weight, registry);
  const [alpha, beta, gamma] = [server('alpha', 5), server('beta', 3), server('gamma', 1)];
  const client = openClient(registry);
  let known = { endpoints: [] } as ReturnType<Stage['known']>;
  const unsubscribe = registry.source(SERVICE).subscribe((snapshot) => {
    known = snapshot;
  });
  const stage: Stage = {
    registry,
    alpha,
    beta,
    gamma,
    traffic: new Traffic(client.call),
    ledger: new Ledger(),
    screen,
    known: () => known,
    endpoints: client.endpoints,
    scene: { title: 'starting', progress: 0 },
  };
  const redraw = setInterval(() => screen.show(frameOf(stage)), 200);

  try {
    await Promise.all([alpha, beta, gamma].map((one) => one.start()));
    for (const [index, scene] of scenes.entries()) {
      const title = `${index + 1}/${scenes.length} ${scene.title}`;
      stage.scene = { title, progress: index / scenes.length };
      screen.say(`  ${styleText('bold', title)}`);
      stage.traffic.reset();
      await scene.play(stage);
    }
  } catch (error) {
    stage.ledger.record('the story is told to its end', String(error), false);
  } finally {
    clearInterval(redraw);
    screen.end();
    unsubscribe();
    client.close();
    for (const one of [alpha, beta, gamma]) one.stop();
    await registry.close();
  }

  const { entries, allKept } = stage.ledger;
  const tookMs = Math.round(performance.now() - started);
  screen.say(`\n${styleText('bold', 'What was promised, and what was measured')}`);
  for (const line of stage.ledger.table()) screen.say(line);
  screen.say(`\n  ${(tookMs / 1_000).toFixed(1)} s with ${registry.title}`);
  if (options.json) {
    console.log(
      JSON.stringify({ registry: registry.kind, tookMs, promises: entries }, undefined, 2),
    );
  }
  process.exitCode = allKept ? 0 : 1;
}
