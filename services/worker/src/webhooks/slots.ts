/** A number of places for each name, so that one slow receiver cannot take all of a process. */
export interface Slots {
  /** Takes a place; gives what frees it, or null when all places of that name are taken. */
  enter(name: string): (() => void) | null;
}

export function createSlots(placesEach: number): Slots {
  const taken = new Map<string, number>();
  return {
    enter(name) {
      const count = taken.get(name) ?? 0;
      if (count >= placesEach) return null;
      taken.set(name, count + 1);
      return () => {
        const left = (taken.get(name) ?? 1) - 1;
        if (left === 0) taken.delete(name);
        else taken.set(name, left);
      };
    },
  };
}
