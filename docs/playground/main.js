import { byId, make, setText } from './elements.js';
import { createEndpointsView } from './endpoints-view.js';
import { createLanesView } from './lanes-view.js';
import { createSimulation } from './simulation.js';

const MAX_EVENTS = 50;

let simulation;
let timer;

const drawLanes = createLanesView();
const drawEndpoints = createEndpointsView({
  onWeight: (key, weight) => change(() => simulation.setWeight(key, weight)),
  onState: (key, state) => change(() => simulation.setState(key, state)),
  onRemove: (key) => {
    change(() => simulation.remove(key));
    byId('add').focus(); // the button that had the focus is gone
  },
});

function draw() {
  drawEndpoints(simulation.endpoints());
  drawLanes(simulation.tallies);
  byId('panic').hidden = !simulation.panic;
  byId('add').disabled = simulation.full;
  setText(byId('clock'), `simulated time ${seconds(simulation.now)}`);
}

function change(action) {
  action();
  draw();
}

function calls(count) {
  change(() => {
    for (let call = 0; call < count; call++) simulation.call();
  });
}

function play(playing) {
  clearInterval(timer);
  timer = playing ? setInterval(() => calls(1), 1_000 / speed()) : undefined;
  setText(byId('play'), playing ? 'Pause' : 'Play');
}

function speed() {
  const input = byId('speed');
  return input.validity.valid && input.value !== '' ? input.valueAsNumber : 8;
}

function options() {
  return { breakers: byId('breakers').checked, warmUp: byId('warm-up').checked };
}

function restart() {
  play(false);
  byId('events').replaceChildren();
  simulation = createSimulation({ ...options(), onEvent: tell });
  for (const weight of [5, 1, 1]) simulation.add(weight);
  calls(21);
}

function tell(event, now) {
  const text = describe(event);
  if (text === undefined) return;
  const events = byId('events');
  events.prepend(make('p', {}, make('time', {}, seconds(now)), ` ${text}`));
  while (events.children.length > MAX_EVENTS) events.lastChild.remove();
}

function describe(event) {
  switch (event.type) {
    case 'endpoint-added':
      return `${event.key} joins with weight ${event.weight}`;
    case 'endpoint-removed':
      return `${event.key} leaves`;
    case 'endpoint-weight':
      return `${event.key} has weight ${event.weight}`;
    case 'panic':
      return `panic ${event.active ? 'begins' : 'ends'}: ${event.available} in rotation, ${event.required} required`;
    case 'breaker': {
      const openFor = event.openMs > 0 ? `, for ${seconds(event.openMs)}` : '';
      return `breaker of ${event.key}: ${event.from} → ${event.to} (${event.reason}${openFor})`;
    }
    default:
      return undefined;
  }
}

const seconds = (ms) => `${(ms / 1_000).toFixed(1)} s`;

byId('play').addEventListener('click', () => play(timer === undefined));
byId('step').addEventListener('click', () => calls(1));
byId('many').addEventListener('click', () => calls(100));
byId('restart').addEventListener('click', restart);
byId('add').addEventListener('click', () => change(() => simulation.add(1)));
byId('speed').addEventListener('change', () => play(timer !== undefined));
for (const id of ['breakers', 'warm-up']) {
  byId(id).addEventListener('change', () => change(() => simulation.configure(options())));
}
byId('controls').addEventListener('submit', (event) => event.preventDefault());

restart();
byId('missing').hidden = true;
document.querySelector('main').hidden = false;
