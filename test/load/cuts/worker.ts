import { parentPort } from 'node:worker_threads';
import { runTask, type Task } from './runs/task.ts';
import { openSynthesizer } from './speech/synthesizer.ts';

/** A thread that does the tasks it is sent, one at a time, and ends when its parent has no more. */
const port = parentPort;
if (port === null) throw new Error('This is a thread of the bench of cuts: run main.js.');
const synthesizer = await openSynthesizer();
port.on('message', (task: Task | null) => {
  if (task === null) void synthesizer.close().then(() => port.close());
  else void runTask(synthesizer, task).then((outcome) => port.postMessage(outcome));
});
