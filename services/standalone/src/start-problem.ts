/** One sentence for a person about why something could not start. */
export function startProblem(error: unknown): string {
  if (!(error instanceof Error)) return 'something went wrong';
  if ('code' in error && error.code === 'EADDRINUSE') {
    const port = 'port' in error && typeof error.port === 'number' ? `Port ${error.port}` : 'The port';
    return `${port} is already in use; stop what uses it, or choose another port with EARSHOT_PORT.`;
  }
  return error.message;
}
