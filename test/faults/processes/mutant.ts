/** A change to one compiled file of the product, as it is loaded; the file on disk stays as it is. */
export interface Mutant {
  /** End of the file's path, e.g. `packages/journal/dist/streams/stream.js`. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** Arguments for node that load a program with mutants in it; the program does not start when a text is not found. */
export function mutantArgs(...mutants: readonly Mutant[]): string[] {
  const hooks = `
    const mutants = ${JSON.stringify(mutants)};
    export async function load(url, context, next) {
      const loaded = await next(url, context);
      const own = mutants.filter(({ file }) => url.endsWith('/' + file));
      if (own.length === 0) return loaded;
      let source = loaded.source.toString();
      for (const { file, find, replace } of own) {
        if (!source.includes(find)) throw new Error('the mutant does not fit ' + file);
        source = source.replace(find, replace);
      }
      return { ...loaded, source };
    }`;
  const register = `import { register } from 'node:module'; register(${JSON.stringify(dataUrl(hooks))});`;
  return ['--import', dataUrl(register)];
}

function dataUrl(source: string): string {
  return `data:text/javascript;base64,${Buffer.from(source).toString('base64')}`;
}
