// `import '@wrr/grpc-js/register'`: registers with the copy of grpc-js that this package resolves to.
import { register } from './register.ts';

register();
