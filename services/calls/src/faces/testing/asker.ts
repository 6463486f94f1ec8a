import { z } from 'zod';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON of whatever shape; tests look into it freely. Null when there is none. */
  json(): ReturnType<typeof JSON.parse>;
  /** A text in the body. */
  field(name: string): string;
  /** One text of each thing in a list of the body. */
  texts(list: string, name: string): string[];
  /** The code of an error of any shape, in lower case. */
  code(): string | undefined;
}

export interface Ask {
  readonly method?: string;
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

const ErrorCode = z.union([
  z.object({ code: z.string() }).transform(({ code }) => code.toLowerCase()),
  z.object({ error: z.object({ code: z.string() }) }).transform(({ error }) => error.code),
]);

const Things = z.record(z.string(), z.unknown());

/** Sends requests to a server on this machine. */
export function createAsker(port: number) {
  return async (path: string, { method = 'GET', key, headers, body }: Ask = {}): Promise<Answer> => {
    const isForm = body instanceof FormData;
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers: {
        ...(key === undefined ? {} : { 'x-api-key': key }),
        ...(body === undefined || isForm ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: isForm ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    return {
      status: answer.status,
      headers: answer.headers,
      text,
      json: JSON.parse.bind(null, text === '' ? 'null' : text),
      field: (name) => z.string().parse(Things.parse(JSON.parse(text))[name]),
      texts: (list, name) =>
        z
          .array(Things)
          .parse(Things.parse(JSON.parse(text))[list])
          .map((thing) => z.string().parse(thing[name])),
      code: () => ErrorCode.safeParse(text === '' ? null : JSON.parse(text)).data,
    };
  };
}
