/** A change to one compiled file of the product, as it is loaded; the file on disk stays as it is. */
export interface Mutant {
  /** End of the file's path, e.g. `packages/journal/dist/streams/stream.js`. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** Arguments for node that load a program with a mutant in it; the program does not start when the text is not found. */
export function mutantArgs(mutant: Mutant): string[] {
  const hooks = `
    const mutant = ${JSON.stringify(mutant)};
    export async function load(url, context, next) {
      const loaded = await next(url, context);
      if (!url.endsWith('/' + mutant.file)) return loaded;
      const source = loaded.source.toString();
      if (!source.includes(mutant.find)) throw new Error('the mutant does not fit ' + mutant.file);
      return { ...loaded, source: source.replace(mutant.find, mutant.replace) };
    }`;
  const register = `import { register } from 'node:module'; register(${JSON.stringify(dataUrl(hooks))});`;
  return ['--import', dataUrl(register)];
}

function dataUrl(source: string): string {
  return `data:text/javascript;base64,${Buffer.from(source).toString('base64')}`;
}
