/** The files that a journal consists of: the check of the header of each, by sequence; 0 where it is not known. */
export type Ledger = ReadonlyMap<number, number>;

export function encodeLedger(ledger: Ledger): Buffer {
  return Buffer.from(JSON.stringify([...ledger]));
}

/** Undefined for JSON of any other shape. */
export function decodeLedger(payload: Uint8Array): Ledger | undefined {
  const value = parsed(payload);
  if (!Array.isArray(value)) return undefined;
  const ledger = new Map<number, number>();
  for (const entry of value) {
    const pair: unknown[] = Array.isArray(entry) ? entry : [];
    const [sequence, identity] = pair;
    if (typeof sequence !== 'number' || typeof identity !== 'number') return undefined;
    ledger.set(sequence, identity);
  }
  return ledger;
}

function parsed(payload: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(payload).toString());
  } catch {
    return undefined;
  }
}
