/** Calls `stop` at the first Ctrl-C; the second one ends the process as ever. Returns how to let go. */
export function onInterrupt(stop: () => void): () => void {
  process.once('SIGINT', stop);
  return () => process.off('SIGINT', stop);
}
