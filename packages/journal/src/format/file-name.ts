const NAME = /^(\d{16})\.journal$/;

/** `0000000000000007.journal` for 7. */
export function fileName(sequence: number): string {
  return `${String(sequence).padStart(16, '0')}.journal`;
}

/** The sequence in a file's name; undefined for anything that is not a journal file. */
export function sequenceOfName(name: string): number | undefined {
  const digits = NAME.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
