/** Takes all the time that it is given, in pieces, so that it notices when its parent is gone. */
const PIECE_MS = 20;

function spin(): void {
  for (const until = performance.now() + PIECE_MS; performance.now() < until; );
  setImmediate(spin);
}

process.on('disconnect', () => process.exit(0));
spin();
