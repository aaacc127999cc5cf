import { byId, make, setText } from './elements.js';

const LANES = [
  ['wrr', 'wrr', 'smooth weighted round robin, with breakers'],
  ['edf', 'EDF', 'weighted, earliest deadline first'],
  ['roundRobin', 'Round robin', 'weights are not heeded'],
];

/** Creates the lanes; the returned function draws the tallies into them. */
export function createLanesView() {
  const lanes = LANES.map(([id, title, note]) => {
    const strip = make('div', { className: 'strip', attrs: { role: 'img' } });
    const facts = make('span', { className: 'facts' });
    const heading = make('h3', {}, title, ' ', make('small', {}, note));
    byId('lanes').append(
      make('div', { className: 'lane', id: `lane-${id}` }, heading, facts, strip),
    );
    return { id, title, strip, facts };
  });
  return (tallies) => {
    for (const { id, title, strip, facts } of lanes) {
      const { picks, failed, calls, deviation } = tallies[id];
      strip.replaceChildren(...picks.map(cell));
      strip.setAttribute('aria-label', `${title}: ${picks.map(spoken).join(' ')}`);
      setText(facts, `${calls} calls, ${failed} failed, deviation ${deviation.toFixed(2)}`);
    }
  };
}

function cell({ key, ok }) {
  const kind = key === undefined ? 'none' : `endpoint-${key}`;
  return make('span', { className: `cell ${kind}${ok ? '' : ' failed'}` }, key ?? '–');
}

function spoken({ key, ok }) {
  return key === undefined ? 'none' : ok ? key : `${key} failed`;
}
