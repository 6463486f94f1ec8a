/** `npm start`: sets this folder up and runs everything in this one process; arguments are passed on. */
import { setUp } from './setup.mjs';

await setUp();
await import('../../services/standalone/dist/main.js');
