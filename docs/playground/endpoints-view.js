import { byId, make, setText } from './elements.js';

const STATES = [
  ['answers', 'answers'],
  ['fails', 'fails every call'],
  ['unreachable', 'has lost its connection'],
];

/** Creates the table of endpoints; the returned function draws them into it. */
export function createEndpointsView({ onWeight, onState, onRemove }) {
  const rows = new Map();
  const body = byId('endpoints');

  const createRow = ({ key }) => {
    const weight = make('input', {
      type: 'number',
      min: '0',
      max: '100',
      attrs: { 'aria-label': `Weight of ${key}` },
      onchange: () => {
        // What is not a weight is put back.
        if (weight.value !== '' && weight.validity.valid) onWeight(key, weight.valueAsNumber);
        else weight.value = weight.dataset.current;
      },
    });
    const state = make(
      'select',
      { attrs: { 'aria-label': `Server of ${key}` }, onchange: () => onState(key, state.value) },
      ...STATES.map(([value, label]) => make('option', { value }, label)),
    );
    const remove = make('button', {
      type: 'button',
      className: 'quiet',
      textContent: '×',
      attrs: { 'aria-label': `Remove ${key}` },
      onclick: () => onRemove(key),
    });
    const bar = make('span', { className: 'bar', attrs: { 'aria-hidden': 'true' } }, make('span'));
    const credit = make('span', { className: 'number' });
    const texts = { breaker: make('span'), rotation: make('span') };
    const numbers = { picks: make('td'), due: make('td'), had: make('td') };
    for (const cell of Object.values(numbers)) cell.className = 'number';
    const name = make('span', { className: `cell endpoint-${key}` }, key);
    const row = make(
      'tr',
      { id: `endpoint-${key}` },
      make('th', { attrs: { scope: 'row' } }, name),
      make('td', {}, weight),
      make('td', {}, state),
      make('td', { className: 'credit' }, bar, credit),
      make('td', {}, texts.breaker),
      make('td', {}, texts.rotation),
      numbers.picks,
      numbers.due,
      numbers.had,
      make('td', {}, remove),
    );
    return { row, weight, state, bar, credit, ...texts, ...numbers };
  };

  return (endpoints) => {
    const total = endpoints.reduce((sum, { picks }) => sum + picks, 0);
    for (const [key, { row }] of rows) {
      if (endpoints.some((endpoint) => endpoint.key === key)) continue;
      row.remove();
      rows.delete(key);
    }
    for (const endpoint of endpoints) {
      let view = rows.get(endpoint.key);
      if (view === undefined) {
        view = createRow(endpoint);
        rows.set(endpoint.key, view);
        body.append(view.row);
      }
      draw(view, endpoint, total);
    }
  };
}

function draw(view, endpoint, total) {
  const { key, weight, state, credit, breaker, ejected, warmUpFactor, picks, due } = endpoint;
  view.weight.dataset.current = String(weight);
  if (document.activeElement !== view.weight) view.weight.value = String(weight);
  view.state.value = state;
  const [fill] = view.bar.children;
  const length = Math.min(1, Math.abs(credit)) * 50;
  fill.className = `endpoint-${key}`;
  fill.style.width = `${length}%`;
  fill.style.left = `${credit < 0 ? 50 - length : 50}%`;
  setText(view.credit, credit.toFixed(2).replace('-', '−'));
  view.breaker.className = `badge ${breaker}`;
  setText(view.breaker, breaker);
  setText(view.rotation, rotation({ weight, state, breaker, ejected, warmUpFactor }));
  setText(view.picks, String(picks));
  setText(view.due, percent(due));
  setText(view.had, percent(total === 0 ? 0 : picks / total));
}

function rotation({ weight, state, breaker, ejected, warmUpFactor }) {
  if (weight === 0) return 'drained';
  if (state === 'unreachable') return 'no: unreachable';
  if (ejected) return 'no: ejected';
  if (breaker === 'open' || breaker === 'half-open') return 'for a probe';
  return warmUpFactor < 1 ? `warming: ${percent(warmUpFactor)}` : 'yes';
}

const percent = (share) => `${(100 * share).toFixed(0)} %`;
