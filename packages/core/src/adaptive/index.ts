export { adaptiveDispatch } from './adaptive-dispatch.ts';
export type { AdaptiveDispatchOptions } from './adaptive-options.ts';
