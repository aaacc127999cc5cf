// The page needs no bundler: core imports nothing but its own files.
export * from '../../packages/core/dist/index.js';
