/**
 * Lets jobs run side by side, except a suspect: one that ran each time a process died. It runs alone, so that
 * a job that kills its process cannot use up the last chance of its neighbours.
 */
export interface Isolation {
  /** Resolves to a function that leaves, or to null when the job should come back later. */
  enter(suspect: boolean): Promise<(() => void) | null>;
}

export function createIsolation(): Isolation {
  let running = 0;
  let suspectInside = false;
  let alone: (() => void) | undefined;

  function leave(): void {
    running -= 1;
    if (running === 0) alone?.();
  }

  return {
    async enter(suspect) {
      if (suspectInside) return null;
      if (!suspect) {
        running += 1;
        return leave;
      }
      suspectInside = true;
      if (running > 0) {
        await new Promise<void>((resolve) => {
          alone = resolve;
        });
      }
      return () => {
        suspectInside = false;
        alone = undefined;
      };
    },
  };
}
