/** `npm start`: sets this folder up and runs everything in this one process; arguments are passed on. */
import { setUp } from './setup.mjs';

if (!(await setUp())) process.exit(1);
await import('../../services/standalone/dist/main.js');
