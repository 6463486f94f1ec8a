import { failureCode, failureMessage } from './failure.ts';

/** One sentence for a person about why something could not start. */
export function startProblem(error: unknown): string {
  if (failureCode(error) !== 'EADDRINUSE') return failureMessage(error);
  const port = /:(\d+)$/.exec(failureMessage(error))?.[1];
  const subject = port === undefined ? 'The port' : `Port ${port}`;
  return `${subject} is already in use; stop what uses it, or choose another port with EARSHOT_PORT.`;
}
