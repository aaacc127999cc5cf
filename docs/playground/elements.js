/** Makes an element with properties, attributes (in `attrs`) and children. */
export function make(tag, { attrs = {}, ...properties } = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  for (const [name, value] of Object.entries(attrs)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** The element with this id. */
export const byId = (id) => document.getElementById(id);

/** Sets a text only if it differs: what is read aloud, selected or focused stays. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
