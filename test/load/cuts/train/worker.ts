import { parentPort } from 'node:worker_threads';
import { openSynthesizer } from '../speech/synthesizer.ts';
import { runTrainingTask, type TrainingTask } from './data/task.ts';

/** A thread that makes examples, a task at a time, and ends when its parent has no more. */
const port = parentPort;
if (port === null) throw new Error('This is a thread of the training of cuts: run main.js.');
const synthesizer = await openSynthesizer();
port.on('message', (task: TrainingTask | null) => {
  if (task === null) void synthesizer.close().then(() => port.close());
  else void runTrainingTask(synthesizer, task).then((outcome) => port.postMessage(outcome));
});
